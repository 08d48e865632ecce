"""Mail: a small ESMTP server on a socket of its own, and the mailboxes as phones.

`smtp` speaks the protocol, `reading` takes a message apart, `phones` shows the mailboxes. The
server is ours because tests need it to misbehave at an exact moment, such as after the last dot.
"""
