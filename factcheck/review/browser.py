"""Opening the page in the browser, where this machine has one that does not take over the terminal."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser


def open_browser(url: str) -> bool:
    """Whether a browser is being opened; False where there is none to open, as on a machine without a screen."""
    if not _has_screen():
        return False
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if type(browser) is webbrowser.GenericBrowser:  # lynx and its kind: they want the terminal for themselves
        return False
    threading.Thread(target=browser.open, args=(url,), daemon=True).start()  # some wait until the window is closed
    return True


def _has_screen() -> bool:
    graphical = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
    return graphical or sys.platform in ("darwin", "win32")
