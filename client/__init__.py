"""The command line's side: sharing and opening on any server, as another program would."""
