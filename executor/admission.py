"""Whether this device takes an offer: what its owner offers bounds what any task may do."""

import msgspec

from executor import options, permission, workspace
from executor.config import Config
from executor.files import attachments
from executor.shells.base import Job
from wegent.protocol.device_messages import Execute

_WITH_KERNELS = ("Notebook", "Python")


class Refusal(msgspec.Struct, frozen=True):
    """Why not; ``retry`` says whether it may work later."""

    reason: str
    retry: bool


def admit(offer: Execute, config: Config) -> Job | Refusal:
    """Return the job that ``offer`` describes, or why it can never run here."""
    if offer.shell not in config.shells:
        offered = ", ".join(config.shells) or "none"
        return Refusal(f"This device does not offer {offer.shell} (offered: {offered}).", retry=False)
    own = workspace.own_folder(config.home, offer.task_id)
    if config.kind == "cloud":
        own = workspace.scratch_folder(config.home, offer.subtask_id)
    try:
        checked = options.read(offer.options, offer.shell)
        if checked.workdir and config.kind == "cloud":
            return Refusal(
                "In the cloud each subtask has a folder of its own: leave options.workdir out.", retry=False
            )
        folder = workspace.resolve(checked.workdir or ".", own, config.folders)
        mode = permission.effective(checked.permission_mode, config.permission_mode)
    except (
        options.InvalidOptionsError,
        workspace.ForbiddenFolderError,
        permission.ForbiddenModeError,
    ) as error:
        return Refusal(str(error), retry=False)
    why_not = _not_allowed(checked, config) or _not_runnable(offer, checked, config)
    if why_not is not None:
        return Refusal(why_not, retry=False)
    return Job(
        subtask_id=offer.subtask_id,
        task_id=offer.task_id,
        prompt=offer.prompt,
        options=checked,
        raw_options=offer.options,
        folder=folder,
        attachments=own / attachments.FOLDER,
        permission_mode=mode,
        is_trusted=workspace.lies_in(folder, config.trusted_projects),
        history_session=offer.history_session,
        timeout=offer.timeout_seconds or checked.timeout_seconds,
        environ=config.environ,
        kernels=config.kernels,
    )


def _not_allowed(checked: options.Options, config: Config) -> str | None:
    """Return why the owner does not allow what is to travel back and forth."""
    if (checked.results or checked.outputs) and not config.allow_results:
        return (
            "This device sends no files back: its owner has not allowed it. Its owner can (wegent-executor"
            f" --allow-results); else leave options.{'results' if checked.results else 'outputs'} out."
        )
    if (checked.inputs or checked.outputs) and config.kind == "cloud":
        return (
            "Variables go only between one's own machines, since unpickling them runs code: in the cloud leave"
            " options.inputs and options.outputs out."
        )
    return None


def _not_runnable(offer: Execute, checked: options.Options, config: Config) -> str | None:
    """Return why there is nothing here that could run it."""
    if checked.kernel and checked.kernel not in config.kernels and offer.shell in _WITH_KERNELS:
        there = ", ".join(config.kernels) or "none"
        return f"This device does not offer the kernel {checked.kernel} (offered: {there})."
    if not offer.prompt.strip() and not checked.argv and not checked.notebook:
        return "The prompt is empty."
    if "\0" in offer.prompt and offer.shell == "Command":
        return "A command line may hold no NUL."
    return None
