"""A file as it is posted."""

from io import BytesIO

import aiohttp


def file_form(name: str, media_type: str, content: bytes) -> aiohttp.FormData:
    """Return the body of ``POST /files``; ``name`` must be a safe one. It can be sent once.

    Names go as UTF-8, as browsers send them (HTML, "multipart form data"); aiohttp's own quoting would reach
    the server as part of the name.
    """
    form = aiohttp.FormData(quote_fields=False)
    # From a file object it is sent in pieces, between which the loop can do other things.
    form.add_field("file", BytesIO(content), filename=name, content_type=media_type)
    return form
