"""The macro-kernel: services on the host behind the guest's hypercall channel."""
