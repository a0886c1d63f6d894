"""The touchpoint calendar on screen: looked at by staff, changed by administrators."""
