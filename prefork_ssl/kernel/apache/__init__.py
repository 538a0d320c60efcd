"""What configurations of Apache have that this server does not: directives that are taken and have no effect
(`directives`), modules that it does without (`modules`), what to write in place of what is refused (`remedies`), and
what is said of all that was taken (`remarks`)."""
