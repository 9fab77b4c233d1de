"""The login: whether there is one, and what the server says to it."""

import time
from datetime import datetime

import aiohttp
import msgspec

from executor.config import NoLoginError, find_login
from executor.doctor.check import Finding, failed, ok, warning
from executor.doctor.patient import Patient
from executor.settings import FILE
from wegent.client import claims as token_claims
from wegent.client import credentials
from wegent.client.errors import LoginError
from wegent.client.network import session
from wegent.protocol.errors import Code

DAY = 86_400
SOON = 1.0
"""Days before its end from which a token that nothing renews is worth a warning."""


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""
    detail: str = ""


async def look_at_login(patient: Patient) -> Finding:
    """Whether there is a token for the server, and where it comes from."""
    flag, environ, file = patient.flags.token, patient.environ, patient.file.token
    try:
        login = find_login(flag, file, patient.settings.url, environ)
    except NoLoginError:
        return failed("login_none", url=patient.url)
    except LoginError as error:
        return failed("login_unreadable", reason=error.message)
    patient.token = login.token
    if login.source == "file":
        return ok("login_found", source=str(credentials.credentials_file(environ)))
    return ok("login_found", source="--token" if flag else "WEGENT_TOKEN" if login.source != "arguments" else FILE)


async def look_at_token(patient: Patient) -> Finding:
    """Whether the server takes the token, for long enough, and for what a device does."""
    claims = token_claims.read(patient.token or "")
    headers = {"Authorization": f"Bearer {patient.token}"}
    url = f"{patient.url}/auth/me"
    async with session(patient.url) as http:
        try:
            async with http.get(url, headers=headers, allow_redirects=False) as answer:
                status, body = answer.status, await answer.content.read(65_536)
        except (aiohttp.ClientError, OSError) as error:
            return failed("http_broken", url=url, reason=str(error) or type(error).__name__)
    if status == 401:
        return _refused(body)
    if status not in (200, 403):
        return failed("token_unknown", status=status)
    wanted = "cloud" if patient.flags.mode == "cloud" else "device"
    if claims is not None and claims.scopes is not None and wanted not in claims.scopes:
        return failed("token_scope", scope=wanted, scopes=", ".join(claims.scopes) or "-")
    if claims is None:
        return ok("token_fine")
    days = (claims.exp - time.time() + patient.ahead) / DAY
    when = datetime.fromtimestamp(claims.exp).astimezone().strftime("%Y-%m-%d %H:%M")
    return (warning if days < SOON else ok)("token_days", days=f"{days:.1f}", when=when)


def _refused(body: bytes) -> Finding:
    try:
        code = msgspec.json.decode(body, type=_Problem).code
    except (msgspec.DecodeError, UnicodeDecodeError):
        code = ""
    phrases = {Code.TOKEN_EXPIRED: "token_expired", Code.TOKEN_REVOKED: "token_revoked"}
    return failed(
        phrases.get(Code(code), "token_invalid") if code in Code.__members__.values() else "token_invalid"
    )
