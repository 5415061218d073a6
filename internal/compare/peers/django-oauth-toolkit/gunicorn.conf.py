"""Settings of gunicorn that do not depend on how many workers there are."""

import os

bind = os.environ["COMPARE_ADDR"]
loglevel = "warning"
keepalive = 5
control_socket_disable = True
if os.path.isdir("/dev/shm"):  # as its FAQ says: workers' heartbeats need no disk
    worker_tmp_dir = "/dev/shm"
