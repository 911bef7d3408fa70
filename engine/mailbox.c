/* The mailbox: how answers come back from any thread. operation.h says who owns what when. */
#include "engine/operation.h"

struct ssr_mailbox *ssr_mailbox_new(const ssr_allocator *allocator, void (*wake)(void *arg), void *wake_arg)
{
    struct ssr_mailbox *mailbox = allocator->resize(allocator->arg, NULL, 0, sizeof *mailbox);
    if (!mailbox)
        return NULL;
    mailbox->allocator = *allocator;
    atomic_init(&mailbox->users, 1);
    atomic_init(&mailbox->posting, 0);
    atomic_init(&mailbox->is_closed, false);
    atomic_init(&mailbox->answered, NULL);
    mailbox->wake = wake;
    mailbox->wake_arg = wake_arg;
    return mailbox;
}

void ssr_mailbox_drop(struct ssr_mailbox *mailbox)
{
    if (!mailbox || atomic_fetch_sub(&mailbox->users, 1) > 1)
        return;
    ssr_allocator allocator = mailbox->allocator;
    allocator.resize(allocator.arg, mailbox, sizeof *mailbox, 0);
}

struct ssr_operation *ssr_mailbox_take(struct ssr_mailbox *mailbox)
{
    return atomic_exchange(&mailbox->answered, NULL);
}

/*
 * Posting announces itself before it looks at is_closed, closing sets is_closed before it looks at `posting`: so
 * either the answer sees the mailbox closed, or the close waits for it and finds it in the list.
 */
void ssr_mailbox_post(struct ssr_operation *operation)
{
    struct ssr_mailbox *mailbox = operation->mailbox;
    atomic_fetch_add(&mailbox->users, 1);
    atomic_fetch_add(&mailbox->posting, 1);
    if (atomic_load(&mailbox->is_closed)) {
        ssr_operation_drop(operation);
    } else {
        operation->next = atomic_load(&mailbox->answered);
        bool is_posted;
        do
            is_posted = atomic_compare_exchange_weak(&mailbox->answered, &operation->next, operation);
        while (!is_posted); /* GCOVR_EXCL_BR_LINE: goes round when another thread has answered in between */
        if (mailbox->wake)
            mailbox->wake(mailbox->wake_arg);
    }
    atomic_fetch_sub(&mailbox->posting, 1);
    ssr_mailbox_drop(mailbox);
}

void ssr_mailbox_close(struct ssr_mailbox *mailbox)
{
    if (!mailbox)
        return;
    atomic_store(&mailbox->is_closed, true);
    while (atomic_load(&mailbox->posting) > 0) /* a wake may only signal, so this is short */
        continue;
    for (struct ssr_operation *operation = ssr_mailbox_take(mailbox); operation;) {
        struct ssr_operation *next = operation->next;
        ssr_operation_drop(operation);
        operation = next;
    }
    ssr_mailbox_drop(mailbox);
}
