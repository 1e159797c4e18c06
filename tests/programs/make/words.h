/* A list of words, longest first. */
struct word {
    const char *text;
    struct word *next;
};

struct word *insert(struct word *list, const char *text);
