/* Extended attributes: of files, links and descriptors, many, large, privileged. */
#include "case.h"
#include <sys/xattr.h>

CASE(xattr_user, "setxattr getxattr listxattr removexattr")
{
    char text[64] = "";
    close(file_with("f", ""));
    if (setxattr("f", "user.probe", "x", 1, 0)) {
        /* Natively a tmpfs may or may not have them; then there is nothing to compare. */
        say("%s", error_name(errno));
        return;
    }
    T(removexattr("f", "user.probe"));
    T(getxattr("f", "user.a", text, 8));
    T(setxattr("f", "user.a", "value", 5, XATTR_REPLACE));
    T(setxattr("f", "user.a", "value", 5, XATTR_CREATE));
    T(setxattr("f", "user.a", "value", 5, XATTR_CREATE));
    T(getxattr("f", "user.a", text, 64));
    T(getxattr("f", "user.a", text, 2));
    T(getxattr("f", "user.a", text, 0));
    T(listxattr("f", text, 64));
    T(setxattr("f", "nonsense", "x", 1, 0));
    T(setxattr("f", "user.", "x", 1, 0));
    T(setxattr("f", "", "x", 1, 0));
    T(setxattr("f", "user.a", "x", 1, 7));
    T(removexattr("f", "user.a"));
    T(removexattr("f", "user.a"));
    T(listxattr("f", text, 64));
}

CASE(xattr_many_and_large, "setxattr getxattr listxattr removexattr")
{
    static char text[65536], value[65536];
    char name[32];
    close(file_with("f", ""));
    memset(value, 'v', sizeof value);
    if (setxattr("f", "user.probe", "x", 1, 0)) {
        say("%s", error_name(errno));
        return;
    }
    T(setxattr("f", "user.large", value, 65536, 0));
    T(setxattr("f", "user.large", value, 65537, 0));
    T(getxattr("f", "user.large", text, 65535));
    T(getxattr("f", "user.large", text, 65536));
    IS(memcmp(text, value, sizeof value) == 0);
    T(setxattr("f", "user.large", value, 4097, XATTR_REPLACE));
    T(getxattr("f", "user.large", text, 65536));
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "user.%d", i * 37 % 200);
        MUST(setxattr("f", name, "x", 1, XATTR_CREATE));
    }
    T(listxattr("f", text, sizeof text));
    /* Linux lists them from the last name to the first. */
    for (int at = 0, i = 0; i < 5; i++, at += strlen(text + at) + 1)
        say("%s", text + at);
    T(removexattr("f", "user.100"));
    T(listxattr("f", text, sizeof text));
}

CASE(xattr_of_the_privileged, "setxattr lsetxattr getxattr lgetxattr listxattr llistxattr removexattr")
{
    char text[64] = "";
    close(file_with("f", ""));
    MUST(symlink("f", "l"));
    MUST(mkfifo("p", 0644));
    T(setxattr("f", "trusted.a", "value", 5, 0));
    T(setxattr("f", "trusted.", "value", 5, 0));
    T(setxattr("f", "security.a", "value", 5, 0));
    T(lsetxattr("l", "trusted.b", "of the link", 11, 0));
    T(lsetxattr("l", "user.b", "x", 1, 0));
    T(setxattr("p", "trusted.c", "x", 1, 0));
    T(lgetxattr("l", "trusted.b", text, sizeof text));
    T(getxattr("l", "trusted.b", text, sizeof text));
    T(llistxattr("l", text, sizeof text));
    T(listxattr("p", text, sizeof text));
    T(listxattr("f", text, sizeof text));
    if (!geteuid())
        MUST(setresuid(1000, 1000, 1000));
    T(listxattr("f", text, sizeof text));
    T(getxattr("f", "trusted.a", text, sizeof text));
    T(getxattr("f", "security.a", text, sizeof text));
    T(setxattr("f", "trusted.a", "x", 1, 0));
    T(setxattr("f", "security.a", "x", 1, 0));
    T(removexattr("f", "security.a"));
}

CASE(xattr_of_links_and_descriptors, "lsetxattr lgetxattr llistxattr lremovexattr fsetxattr fgetxattr flistxattr fremovexattr")
{
    char text[64] = "";
    int fd = file_with("f", "");
    T(symlink("f", "l"));
    T(lsetxattr("l", "user.a", "x", 1, 0));
    T(lgetxattr("l", "user.a", text, 64));
    T(lgetxattr("missing", "user.a", text, 64));
    T(lremovexattr("l", "user.a"));
    T(llistxattr("missing", text, 64));
    T(fgetxattr(fd, "user.none", text, 64));
    T(fsetxattr(77, "user.a", "x", 1, 0));
    T(fgetxattr(77, "user.a", text, 64));
    T(flistxattr(77, text, 64));
    T(fremovexattr(77, "user.a"));
    T(fgetxattr(fd, "", text, 64));
}
