/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every way to be wrong: REFUSED(what is said, what breaks the good world).
 * Statements, which test.c includes.
 */

/* The start info. */
REFUSED("start info: outside memory", start_at = 0);
REFUSED("start info: outside memory", start_at = ABOVE);
REFUSED("start info: outside memory", start_at = LOW + LOW_SIZE - 39);
REFUSED("start info: wrong magic", si->magic++);
REFUSED("start info: wrong magic", si->magic = 0);
REFUSED("start info: outside memory",
	start_at = LOW + LOW_SIZE - 40, memcpy(xg_mem(start_at, 40), si, 40));
REFUSED("no module: kernel and initrd come as xl's ramdisk, QEMU's -initrd",
	si->nr_modules = 0);
REFUSED("start info: more than two modules", si->nr_modules = 3);
REFUSED("start info: more than two modules", si->nr_modules = 0xffffffff);
REFUSED("start info: the list of modules is outside memory",
	si->modlist_paddr = 0);
REFUSED("start info: the list of modules is outside memory",
	si->modlist_paddr = ABOVE - 63);
REFUSED("start info: the list of modules is outside memory",
	si->modlist_paddr = ~0ull);
REFUSED("start info: an empty module", first.size = 0);
REFUSED("start info: an empty module", second.size = 0);
REFUSED("start info: a module ends above 4 GiB", first.paddr = XG_4G);
REFUSED("start info: a module ends above 4 GiB", first.size = XG_4G);
REFUSED("start info: a module ends above 4 GiB", second.size = ~0ull);
REFUSED("start info: a module ends above 4 GiB", second.paddr = ~0ull - 4096);

/* The memory map. */
REFUSED("memory map: more than 128 entries", si->memmap_entries = 129);
REFUSED("memory map: more than 128 entries", si->memmap_entries = 0xffffffff);
REFUSED("memory map: more than 128 entries",
	si->memmap_entries = 0, world.xen = true, world.xen_entries = 129);
REFUSED("memory map: outside memory", si->memmap_paddr = 0);
REFUSED("memory map: outside memory", si->memmap_paddr = ~0ull - 10);
REFUSED("memory map: an entry ends beyond all memory", ranges[0].size = ~0ull);
REFUSED("memory map: an entry ends beyond all memory", ranges[0].addr = ~0ull);
REFUSED("memory map: entries overlap", ranges[2].size++);
REFUSED("memory map: entries overlap", ranges[0].addr = RAM);
REFUSED("memory map: entries overlap", ranges[0].addr = ABOVE - 1);
REFUSED("memory map: entries overlap", ranges[0] = ranges[1]);
REFUSED("memory map: entries overlap", ranges[0].addr = 0);
REFUSED("start info: no memory map, and no Xen to ask for one",
	si->memmap_entries = 0);
REFUSED("start info: no memory map, and no Xen to ask for one", si->version = 0);

/* Modules and the memory map. */
REFUSED("a module is not in RAM", ranges[1].type = 2);
REFUSED("a module is not in RAM", ranges[1].size = 0);
REFUSED("a module is not in RAM", first.paddr = ABOVE - 100);
/* Memory there is, but not by the map. */
REFUSED("a module is not in RAM", ranges[1].size = 0x3064);
REFUSED("a module is not in RAM", second.paddr = ABOVE);
REFUSED("a module is not in RAM", second.paddr = 0xfc000000);
REFUSED("a module is not in RAM", second.size = RAM_SIZE);
REFUSED("a module is not in RAM", ranges[2].type = 3, first.paddr = RAM + 0xffff);
/* RAM by the map, but not of this machine: the loader's is 4 GiB. */
REFUSED("a module is not in RAM", ranges[1].size = RAM_SIZE, second.paddr = ABOVE);
REFUSED("a module lies over what was booted", first.paddr = RAM);
REFUSED("a module lies over what was booted", first.paddr = MODULE - 1);
REFUSED("a module lies over what was booted", second.paddr = RAM + 0x8000);
REFUSED("the modules overlap", second.paddr = first.paddr);
REFUSED("the modules overlap", second.paddr = first.paddr + BZ_LEN - 1);

/* The bundle; its first file's header is 120 bytes long. */
REFUSED("bundle: cut off, its last file is missing", bundle, first.size = 109);
REFUSED("bundle: cut off in a file's name", bundle, first.size = 112);
REFUSED("bundle: cut off in a file", bundle, first.size = 120);
REFUSED("bundle: cut off in a file", bundle, cut(4000));
REFUSED("bundle: cut off, its last file is missing", bundle, cut(120 + BZ_LEN));
REFUSED("bundle: cut off, its last file is missing", bundle, cut(120 + BZ_LEN + 50));
REFUSED("bundle: cut off in a file's name", bundle, cut(120 + BZ_LEN + 110));
REFUSED("bundle: cut off in a file's name", bundle, cut(120 + BZ_LEN + 116));
REFUSED("bundle: cut off in a file", bundle, cut(120 + BZ_LEN + 120));
REFUSED("bundle: cut off, its last file is missing", bundle,
	cut(120 + BZ_LEN + 120 + INITRD_LEN));
REFUSED("bundle: a bad file header", bundle, text(image + 54, "0000290g"));
REFUSED("bundle: a bad file header", bundle, text(image + 14, "0x81a400"));
REFUSED("bundle: a bad file header", bundle, text(image + 94, "       7"));
REFUSED("bundle: a bad file header", bundle, text(member2, "070703"));
REFUSED("bundle: a bad file header", bundle, text(image + 54, "00002900"));
REFUSED("bundle: cut off in a file", bundle, text(image + 54, "ffffffff"));
REFUSED("bundle: cut off in a file", bundle, text(image + 54, "FFFFFFFF"));
REFUSED("bundle: a bad file name", bundle, text(image + 94, "00000000"));
REFUSED("bundle: a bad file name", bundle, text(image + 94, "00000006"));
REFUSED("bundle: a bad file name", bundle, text(image + 94, "00001001"));
REFUSED("bundle: a bad file name", bundle, text(image + 94, "ffffffff"));
REFUSED("bundle: a file is there twice", bundle, text(member2 + 110, "kernel"));
REFUSED("bundle: an empty file", bundle, text(member2 + 54, "00000000"));
REFUSED("bundle: a file that is neither kernel nor initrd", bundle,
	text(member2 + 110, "initra"));
REFUSED("bundle: a file that is neither kernel nor initrd", bundle,
	text(image + 110, "./kern"));
REFUSED("bundle: there is no kernel in it", bundle, text(image + 110, "TRAILER!!!"),
	text(image + 94, "0000000b"));
/* The kernel is a link; no folder is a file. */
REFUSED("bundle: there is no kernel in it", bundle, text(image + 14, "0000a1ff"));
REFUSED("bundle: there is no kernel in it", bundle, text(image + 14, "000041ed"));

/* The kernel's setup header. */
REFUSED("kernel: too short for a bzImage", first.size = 1);
REFUSED("kernel: too short for a bzImage", bare, cut(0x263));
REFUSED("kernel: neither a bzImage nor a bundle", put(image + 0x1fe, 2, 0));
REFUSED("kernel: neither a bzImage nor a bundle", text(image + 0x202, "hdrS"));
REFUSED("kernel: neither a bzImage nor a bundle", text(image, "070701"), bare,
	memset(image, 0, BZ_LEN));
REFUSED("kernel: its boot protocol is older than 2.12",
	put(image + 0x206, 2, 0x20b));
REFUSED("kernel: its boot protocol is older than 2.12", put(image + 0x206, 2, 0));
REFUSED("kernel: a zImage, which is loaded low", image[0x211] = 0x80);
REFUSED("kernel: its header is too short", image[0x201] = 0x61);
REFUSED("kernel: its header is too short", image[0x201] = 0);
REFUSED("kernel: cut off in its setup part", bare, cut(0x264));
REFUSED("kernel: cut off in its setup part", bare, cut(SETUP_LEN));
REFUSED("kernel: cut off in its setup part", image[0x1f1] = 255);
REFUSED("kernel: cut off in its setup part", bare, image[0x1f1] = 0, cut(2560));
REFUSED("kernel: cut off, or its length is wrong", bare, cut(SETUP_LEN + 1));
REFUSED("kernel: cut off, or its length is wrong", bare, cut(BZ_LEN - 16));
REFUSED("kernel: cut off, or its length is wrong", bare, cut(4000));
REFUSED("kernel: cut off, or its length is wrong", put(image + 0x1f4, 4, 0));
REFUSED("kernel: cut off, or its length is wrong",
	put(image + 0x1f4, 4, 0xffffffff));
REFUSED("kernel: cut off, or its length is wrong",
	put(image + 0x1f4, 4, KERNEL_LEN / 16 + 1));
REFUSED("kernel: its payload is not in it", put(image + 0x24c, 4, KERNEL_LEN - 99));
REFUSED("kernel: its payload is not in it", put(image + 0x248, 4, 0xffffffff));
REFUSED("kernel: its payload is not in it", bare, cut(BZ_LEN - 15));
REFUSED("kernel: its payload is not in it", put(image + 0x24c, 4, 0));
REFUSED("kernel: its payload is not in it", image[SETUP_LEN + 100]++);
REFUSED("kernel: its payload is not in it", image[0x1f1]--);
REFUSED("kernel: its payload is not in it", first.size += 512, image[0x1f1]++);
REFUSED("kernel: a bad alignment", put(image + 0x230, 4, 0));
REFUSED("kernel: a bad alignment", put(image + 0x230, 4, 0x800));
REFUSED("kernel: a bad alignment", put(image + 0x230, 4, 0x180000));
REFUSED("kernel: a bad alignment", put(image + 0x230, 4, 0x80000000));
REFUSED("kernel: a bad preferred address", put(image + 0x258, 8, 0));
REFUSED("kernel: a bad preferred address", put(image + 0x258, 8, 0xff000));
REFUSED("kernel: a bad preferred address", put(image + 0x258, 8, 0x300001));
REFUSED("kernel: a bad preferred address", put(image + 0x258, 8, XG_4G));
REFUSED("kernel: a bad preferred address", put(image + 0x258, 8, ~0xfffull));
REFUSED("kernel: it needs less memory than it is long",
	put(image + 0x260, 4, KERNEL_LEN - 1));

/* The command line. */
REFUSED("the command line is outside memory", si->cmdline_paddr = ABOVE);
REFUSED("the command line is outside memory", si->cmdline_paddr = XG_4G + CMDLINE);
REFUSED("the command line is outside memory", si->cmdline_paddr = ~0ull);
REFUSED("the command line is outside memory", no_end(LOW + LOW_SIZE - 2000));
REFUSED("the command line is longer than the kernel allows, or has no end",
	memset(world.cmdline, 'x', 2048));
REFUSED("the command line is longer than the kernel allows, or has no end",
	no_end(CMDLINE));
REFUSED("the command line is longer than the kernel allows, or has no end",
	no_end(CMDLINE - 0x1000), put(image + 0x238, 4, 0xffffffff));
REFUSED("the command line is longer than the kernel allows, or has no end",
	put(image + 0x238, 4, 0));

/* Room. */
REFUSED("too little memory for the kernel",
	ranges[1].size = KERNEL_PLACE + KERNEL_MEMORY - ranges[1].addr - 1);
REFUSED("too little memory for the kernel", put(image + 0x260, 4, RAM_SIZE));
REFUSED("too little memory for the kernel", put(image + 0x260, 4, 0xffffffff));
REFUSED("too little memory for the kernel",
	put(image + 0x258, 8, 0xff000000), put(image + 0x230, 4, 0x40000000));
REFUSED("too little memory for the kernel", put(image + 0x258, 8, 0xfffff000));
REFUSED("too little memory for the initrd",
	put(image + 0x236, 2, 0), put(image + 0x22c, 4, 0));
REFUSED("too little memory for the initrd",
	put(image + 0x236, 2, 0), put(image + 0x22c, 4, MODULE + 0x4000));
/* It has to be moved, and is too long for any other place. */
REFUSED("too little memory for the initrd",
	second.paddr = KERNEL_PLACE + KERNEL_MEMORY + 1,
	second.size = ABOVE - second.paddr);
REFUSED("the kernel cannot be moved, and its place is taken",
	image[0x234] = 0, second.paddr = KERNEL_PLACE + 0x4000);
REFUSED("the kernel cannot be moved, and its place is taken",
	image[0x234] = 0, ranges[1].size = 0x200000);
