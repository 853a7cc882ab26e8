"""Child-health staff read one child's handbook under a grant that ends by itself.

未成年人网络保护条例 (2024) art. 36: staff see what is kept of minors only after a responsible
manager has approved it; who looked is written down, and the family sees it. `service` asks, decides
and ends; `reading` opens the book, one line of the audit log a look; `queries` are the screens.
"""
