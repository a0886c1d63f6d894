"""HTTP only: scope, form, one service call, message, redirect."""
