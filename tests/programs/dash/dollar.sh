echo $0 $# $- | cut -c1-20; echo ${PPID:+parent} ${PWD##*/}x | cut -c1-6
