FOO=bar env | grep FOO
env -i A=1 busybox env
