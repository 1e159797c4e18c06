/* Keeps words sorted by length. */
#include "words.h"
#include <stdlib.h>
#include <string.h>

struct word *insert(struct word *list, const char *text)
{
    if (list && strlen(list->text) >= strlen(text)) {
        list->next = insert(list->next, text);
        return list;
    }
    struct word *word = malloc(sizeof(*word));
    word->text = text;
    word->next = list;
    return word;
}
