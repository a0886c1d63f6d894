"""What campaigns add to the pages below them, one module per subject."""

from campaigns.contributions import banners, calendar, calls, events, letters, messages, outbox, teams

for subject in (calendar, letters, calls, banners, messages, outbox, events, teams):
    subject.register()
