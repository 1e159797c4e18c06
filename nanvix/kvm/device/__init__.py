"""The wall: every pointer, ioctl and raw system call of the KVM backend is in this folder.

Above it there are only integers and bytes. What is documented where: ioctls and the run page in
Documentation/virt/kvm/api.rst of the Linux kernel, the rest in section 2 of the Linux manual.
"""
