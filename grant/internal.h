/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the files of the grant layer.
 *
 * table.c owns the references: which are free, which are handed out. access.c
 * writes the entries of references that are handed out. Nobody else does either.
 */
#ifndef XG_GRANT_INTERNAL_H
#define XG_GRANT_INTERNAL_H

#include <xg/grant.h>

struct seq_file;

/* table.c: frames and references */
int xg_table_start(struct xg_platform *platform);
int xg_table_wake(void);
void xg_table_stop(void);
int xg_table_take(grant_ref_t *ref);
bool xg_table_holds(grant_ref_t ref);
void xg_table_put(grant_ref_t ref);
unsigned int xg_table_limit(void);
struct grant_entry_v1 *xg_table_entry(grant_ref_t ref);
void xg_table_stats(struct xg_grant_stats *stats, unsigned int *inherited);

/* A list of references that are handed out; links are the table's own. */
struct xg_ref_list {
	grant_ref_t first;
	grant_ref_t last;
	unsigned int count;
};

void xg_table_push(struct xg_ref_list *list, grant_ref_t ref, u32 frame);
grant_ref_t xg_table_pop(struct xg_ref_list *list, u32 *frame);

/* access.c: what a peer has not let go of */
void xg_access_start(void);
void xg_access_stop(void);
unsigned int xg_access_deferred(void);

/* map.c: foreign pages */
void xg_map_stop(void);
unsigned int xg_map_mapped(void);

#endif /* XG_GRANT_INTERNAL_H */
