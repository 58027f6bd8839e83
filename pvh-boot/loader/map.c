// SPDX-License-Identifier: GPL-2.0-only
/* The memory map: read, checked, sorted; and room found in it. */
#include "load.h"

bool __init xg_overlap(struct xg_span a, struct xg_span b)
{
	return a.at < b.at + b.len && b.at < a.at + a.len;
}

/* Add an entry at its place. A hypervisor's map has no overlaps. */
const char * __init xg_map_add(struct xg_map *map, u64 at, u64 len, u32 type)
{
	struct xg_map_entry *entry = map->entries;
	unsigned int i = map->nr;

	if (!len)
		return NULL;
	if (at + len < at)
		return "memory map: an entry ends beyond all memory";
	if (map->nr == XG_MAP_MAX)
		return "memory map: more than 128 entries";
	while (i && entry[i - 1].at > at)
		i--;
	if (i && at < entry[i - 1].at + entry[i - 1].len)
		return "memory map: entries overlap";
	if (i < map->nr && entry[i].at < at + len)
		return "memory map: entries overlap";
	entry += i;
	for (i = map->nr++; &map->entries[i] > entry; i--)
		map->entries[i] = map->entries[i - 1];
	/* Disabled memory, and what nobody knows, is not to be touched. */
	if (!type || type == 6 || type > XG_MAP_PMEM)
		type = XG_MAP_RESERVED;
	*entry = (struct xg_map_entry) { at, len, type };
	return NULL;
}

/* Read the table at @at of @nr entries; none: ask Xen. */
const char * __init xg_map_read(struct xg_map *map, u64 at, u32 nr)
{
	struct xg_wire_memmap wire;
	const char *wrong = NULL;
	const void *from;
	u32 i;

	map->nr = 0;
	if (!nr)
		return xg_xen_map(map);
	if (nr > XG_MAP_MAX)
		return "memory map: more than 128 entries";
	from = xg_mem(at, nr * sizeof(wire));
	if (!from)
		return "memory map: outside memory";
	for (i = 0; i < nr && !wrong; i++) {
		memcpy(&wire, from + i * sizeof(wire), sizeof(wire));
		wrong = xg_map_add(map, wire.addr, wire.size, wire.type);
	}
	return wrong;
}

/* The end of the RAM that @at lies in; 0: it lies in none. */
static u64 __init ram_end(const struct xg_map *map, u64 at)
{
	const struct xg_map_entry *entry = map->entries;
	u64 end = 0;

	for (; entry < map->entries + map->nr; entry++) {
		if (entry->type != XG_MAP_RAM)
			continue;
		if (end && entry->at != end)
			break;
		if (end || (entry->at <= at && at - entry->at < entry->len))
			end = entry->at + entry->len;
	}
	return end;
}

/* The first RAM behind @at, which lies in none; @limit: there is none. */
static u64 __init ram_next(const struct xg_map *map, u64 at, u64 limit)
{
	const struct xg_map_entry *entry = map->entries;

	for (; entry < map->entries + map->nr; entry++)
		if (entry->type == XG_MAP_RAM && entry->at > at)
			return entry->at;
	return limit;
}

bool __init xg_map_is_ram(const struct xg_map *map, struct xg_span span)
{
	u64 end = ram_end(map, span.at);

	return end && end - span.at >= span.len;
}

/* The end of something to be avoided that @span overlaps, or 0. */
static u64 __init busy_end(const struct xg_want *want, struct xg_span span)
{
	unsigned int i;

	for (i = 0; i < want->nr_avoid; i++)
		if (xg_overlap(want->avoid[i], span))
			return want->avoid[i].at + want->avoid[i].len;
	return 0;
}

/*
 * The lowest address for what is wanted, or 0. Each turn leaves a hole of the map
 * or a thing to be avoided behind.
 */
u64 __init xg_map_place(const struct xg_map *map, const struct xg_want *want)
{
	u64 at = want->low, end;

	for (;;) {
		if (at >= want->high)
			return 0;
		at = (at + want->align - 1) & ~(want->align - 1);
		if (at >= want->high || want->len > want->high - at)
			return 0;
		end = ram_end(map, at);
		if (!end) {
			at = ram_next(map, at, want->high);
			continue;
		}
		if (end - at < want->len) {
			at = end;
			continue;
		}
		end = busy_end(want, (struct xg_span) { at, want->len });
		if (!end)
			return at;
		at = end;
	}
}
