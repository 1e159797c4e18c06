umask 027
: >made
mkdir d
ls -ld made d | cut -c1-10
umask
