"""What configurations of Apache have that this server does not: taken without effect (`directives`), modules that it does
without (`modules`), and what to write in place of what is refused (`remedies`). `remarks` tells what was taken."""
