/* Prints its arguments, longest first. */
#include "limits.h"
#include "words.h"
#include <stdio.h>

int main(int argc, char **argv)
{
    struct word *list = NULL;
    for (int i = 1; i < argc && i <= MOST; i++)
        list = insert(list, argv[i]);
    for (struct word *word = list; word; word = word->next)
        printf("%s\n", word->text);
    return argc > MOST + 1;
}
