"""The debugger core: a guest that can be stopped, looked into, and taken back in time.

Nothing here knows a screen. See docs/debugging.md; begin with
:class:`nanvix.debug.debugger.Debugger`.
"""
