/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every way to be wrong: BAD(what is said, what breaks the good world). Included
 * twice by test.c.
 */

/* The start info. */
BAD("start info: outside memory", start_at = 0)
BAD("start info: outside memory", start_at = ABOVE)
BAD("start info: outside memory", start_at = LOW + LOW_SIZE - 39)
BAD("start info: wrong magic", si->magic++)
BAD("start info: wrong magic", si->magic = 0)
BAD("start info: outside memory",
    start_at = LOW + LOW_SIZE - 40, memcpy(xg_mem(start_at, 40), si, 40))
BAD("no module: kernel and initrd come as xl's ramdisk, QEMU's -initrd",
    si->nr_modules = 0)
BAD("start info: more than two modules", si->nr_modules = 3)
BAD("start info: more than two modules", si->nr_modules = 0xffffffff)
BAD("start info: the list of modules is outside memory",
    si->modlist_paddr = 0)
BAD("start info: the list of modules is outside memory",
    si->modlist_paddr = ABOVE - 63)
BAD("start info: the list of modules is outside memory",
    si->modlist_paddr = ~0ull)
BAD("start info: an empty module", first.size = 0)
BAD("start info: an empty module", second.size = 0)
BAD("start info: a module ends above 4 GiB", first.paddr = XG_4G)
BAD("start info: a module ends above 4 GiB", first.size = XG_4G)
BAD("start info: a module ends above 4 GiB", second.size = ~0ull)
BAD("start info: a module ends above 4 GiB", second.paddr = ~0ull - 4096)

/* The memory map. */
BAD("memory map: more than 128 entries", si->memmap_entries = 129)
BAD("memory map: more than 128 entries", si->memmap_entries = 0xffffffff)
BAD("memory map: more than 128 entries",
    si->memmap_entries = 0, world.xen = true, world.xen_entries = 129)
BAD("memory map: outside memory", si->memmap_paddr = 0)
BAD("memory map: outside memory", si->memmap_paddr = ~0ull - 10)
BAD("memory map: an entry ends beyond all memory", ranges[0].size = ~0ull)
BAD("memory map: an entry ends beyond all memory", ranges[0].addr = ~0ull)
BAD("memory map: entries overlap", ranges[2].size++)
BAD("memory map: entries overlap", ranges[0].addr = RAM)
BAD("memory map: entries overlap", ranges[0].addr = ABOVE - 1)
BAD("memory map: entries overlap", ranges[0] = ranges[1])
BAD("memory map: entries overlap", ranges[0].addr = 0)
BAD("start info: no memory map, and no Xen to ask for one",
    si->memmap_entries = 0)
BAD("start info: no memory map, and no Xen to ask for one", si->version = 0)

/* Modules and the memory map. */
BAD("a module is not in RAM", ranges[1].type = 2)
BAD("a module is not in RAM", ranges[1].size = 0)
BAD("a module is not in RAM", first.paddr = ABOVE - 100)
BAD("a module is not in RAM", second.paddr = ABOVE)
BAD("a module is not in RAM", second.paddr = 0xfc000000)
BAD("a module is not in RAM", second.size = RAM_SIZE)
BAD("a module is not in RAM", ranges[2].type = 3, first.paddr = RAM + 0xffff)
/* RAM by the map, but not of this machine: the loader's is 4 GiB. */
BAD("a module is not in RAM", ranges[1].size = RAM_SIZE, second.paddr = ABOVE)
BAD("a module lies over the loader", first.paddr = RAM)
BAD("a module lies over the loader", first.paddr = MODULE - 1)
BAD("a module lies over the loader", second.paddr = RAM + 0x8000)
BAD("the modules overlap", second.paddr = first.paddr)
BAD("the modules overlap", second.paddr = first.paddr + BZ_LEN - 1)

/* The bundle; its first file's header is 120 bytes long. */
BAD("bundle: cut off, its last file is missing", bundle, first.size = 109)
BAD("bundle: cut off in a file's name", bundle, first.size = 112)
BAD("bundle: cut off in a file", bundle, first.size = 120)
BAD("bundle: cut off in a file", bundle, cut(4000))
BAD("bundle: cut off, its last file is missing", bundle, cut(120 + BZ_LEN))
BAD("bundle: cut off, its last file is missing", bundle, cut(120 + BZ_LEN + 50))
BAD("bundle: cut off in a file's name", bundle, cut(120 + BZ_LEN + 110))
BAD("bundle: cut off in a file's name", bundle, cut(120 + BZ_LEN + 116))
BAD("bundle: cut off in a file", bundle, cut(120 + BZ_LEN + 120))
BAD("bundle: cut off, its last file is missing", bundle,
    cut(120 + BZ_LEN + 120 + INITRD_LEN))
BAD("bundle: a bad file header", bundle, text(image + 54, "0000290g"))
BAD("bundle: a bad file header", bundle, text(image + 14, "0x81a400"))
BAD("bundle: a bad file header", bundle, text(image + 94, "       7"))
BAD("bundle: a bad file header", bundle, text(member2, "070703"))
BAD("bundle: a bad file header", bundle, text(image + 54, "00002900"))
BAD("bundle: cut off in a file", bundle, text(image + 54, "ffffffff"))
BAD("bundle: cut off in a file", bundle, text(image + 54, "FFFFFFFF"))
BAD("bundle: a bad file name", bundle, text(image + 94, "00000000"))
BAD("bundle: a bad file name", bundle, text(image + 94, "00000006"))
BAD("bundle: a bad file name", bundle, text(image + 94, "00001001"))
BAD("bundle: a bad file name", bundle, text(image + 94, "ffffffff"))
BAD("bundle: a file is there twice", bundle, text(member2 + 110, "kernel"))
BAD("bundle: an empty file", bundle, text(member2 + 54, "00000000"))
BAD("bundle: a file that is neither kernel nor initrd", bundle,
    text(member2 + 110, "initra"))
BAD("bundle: a file that is neither kernel nor initrd", bundle,
    text(image + 110, "./kern"))
BAD("bundle: there is no kernel in it", bundle, text(image + 110, "TRAILER!!!"),
    text(image + 94, "0000000b"))
/* The kernel is a link; no folder is a file. */
BAD("bundle: there is no kernel in it", bundle, text(image + 14, "0000a1ff"))
BAD("bundle: there is no kernel in it", bundle, text(image + 14, "000041ed"))

/* The kernel's setup header. */
BAD("kernel: too short for a bzImage", first.size = 1)
BAD("kernel: too short for a bzImage", bare, cut(0x263))
BAD("kernel: neither a bzImage nor a bundle", put(image + 0x1fe, 2, 0))
BAD("kernel: neither a bzImage nor a bundle", text(image + 0x202, "hdrS"))
BAD("kernel: neither a bzImage nor a bundle", text(image, "070701"), bare,
    memset(image, 0, BZ_LEN))
BAD("kernel: its boot protocol is older than 2.12",
    put(image + 0x206, 2, 0x20b))
BAD("kernel: its boot protocol is older than 2.12", put(image + 0x206, 2, 0))
BAD("kernel: a zImage, which is loaded low", image[0x211] = 0x80)
BAD("kernel: its header is too short", image[0x201] = 0x61)
BAD("kernel: its header is too short", image[0x201] = 0)
BAD("kernel: cut off in its setup part", bare, cut(0x264))
BAD("kernel: cut off in its setup part", bare, cut(SETUP_LEN))
BAD("kernel: cut off in its setup part", image[0x1f1] = 255)
BAD("kernel: cut off in its setup part", bare, image[0x1f1] = 0, cut(2560))
BAD("kernel: cut off, or its length is wrong", bare, cut(SETUP_LEN + 1))
BAD("kernel: cut off, or its length is wrong", bare, cut(BZ_LEN - 16))
BAD("kernel: cut off, or its length is wrong", bare, cut(4000))
BAD("kernel: cut off, or its length is wrong", put(image + 0x1f4, 4, 0))
BAD("kernel: cut off, or its length is wrong",
    put(image + 0x1f4, 4, 0xffffffff))
BAD("kernel: cut off, or its length is wrong",
    put(image + 0x1f4, 4, KERNEL_LEN / 16 + 1))
BAD("kernel: its payload is not in it", put(image + 0x24c, 4, KERNEL_LEN - 99))
BAD("kernel: its payload is not in it", put(image + 0x248, 4, 0xffffffff))
BAD("kernel: its payload is not in it", bare, cut(BZ_LEN - 15))
BAD("kernel: its payload is not in it", put(image + 0x24c, 4, 0))
BAD("kernel: its payload is not in it", image[SETUP_LEN + 100]++)
BAD("kernel: its payload is not in it", image[0x1f1]--)
BAD("kernel: its payload is not in it", first.size += 512, image[0x1f1]++)
BAD("kernel: a bad alignment", put(image + 0x230, 4, 0))
BAD("kernel: a bad alignment", put(image + 0x230, 4, 0x800))
BAD("kernel: a bad alignment", put(image + 0x230, 4, 0x180000))
BAD("kernel: a bad alignment", put(image + 0x230, 4, 0x80000000))
BAD("kernel: a bad preferred address", put(image + 0x258, 8, 0))
BAD("kernel: a bad preferred address", put(image + 0x258, 8, 0xff000))
BAD("kernel: a bad preferred address", put(image + 0x258, 8, 0x300001))
BAD("kernel: a bad preferred address", put(image + 0x258, 8, XG_4G))
BAD("kernel: a bad preferred address", put(image + 0x258, 8, ~0xfffull))
BAD("kernel: it needs less memory than it is long",
    put(image + 0x260, 4, KERNEL_LEN - 1))

/* The command line. */
BAD("the command line is outside memory", si->cmdline_paddr = ABOVE)
BAD("the command line is outside memory", si->cmdline_paddr = XG_4G + CMDLINE)
BAD("the command line is outside memory", si->cmdline_paddr = ~0ull)
BAD("the command line is outside memory", no_end(LOW + LOW_SIZE - 2000))
BAD("the command line is longer than the kernel allows, or has no end",
    memset(world.cmdline, 'x', 2048))
BAD("the command line is longer than the kernel allows, or has no end",
    no_end(CMDLINE))
BAD("the command line is longer than the kernel allows, or has no end",
    no_end(CMDLINE - 0x1000), put(image + 0x238, 4, 0xffffffff))
BAD("the command line is longer than the kernel allows, or has no end",
    put(image + 0x238, 4, 0))

/* Room. */
BAD("too little memory for the kernel",
    ranges[1].size = KERNEL_PLACE + KERNEL_MEMORY - ranges[1].addr - 1)
BAD("too little memory for the kernel", put(image + 0x260, 4, RAM_SIZE))
BAD("too little memory for the kernel", put(image + 0x260, 4, 0xffffffff))
BAD("too little memory for the kernel",
    put(image + 0x258, 8, 0xff000000), put(image + 0x230, 4, 0x40000000))
BAD("too little memory for the kernel", put(image + 0x258, 8, 0xfffff000))
BAD("too little memory for the initrd",
    put(image + 0x236, 2, 0), put(image + 0x22c, 4, 0))
BAD("too little memory for the initrd",
    put(image + 0x236, 2, 0), put(image + 0x22c, 4, MODULE + 0x4000))
/* It has to be moved, and is too long for any other place. */
BAD("too little memory for the initrd",
    second.paddr = KERNEL_PLACE + KERNEL_MEMORY + 1,
    second.size = ABOVE - second.paddr)
BAD("the kernel cannot be moved, and its place is taken",
    image[0x234] = 0, second.paddr = KERNEL_PLACE + 0x4000)
BAD("the kernel cannot be moved, and its place is taken",
    image[0x234] = 0, ranges[1].size = 0x200000)
