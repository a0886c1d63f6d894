"""19 novembre 2026, 14:05 ; en court : 19 nov. 2026."""

SHORT_DATE_FORMAT = "j N Y"
DATETIME_FORMAT = "j F Y, H:i"
SHORT_DATETIME_FORMAT = "j N Y, H:i"
