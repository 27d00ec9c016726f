# A guest of one sector for the tests of the qemu builder: says READY, keeps what is typed up to
# Enter, writes it behind itself on the first disk, and the floppy's first sector (if there is one)
# further on, then switches the machine off. Keys without a character are kept as 0 and scan code.
# After every eighth byte it is deaf for a while: a keyboard that only paces by time would lose keys.
.code16
.globl _start
_start:
    cli
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $0x7c00, %sp
    sti
    mov $ready, %si
1:  lodsb
    test %al, %al
    jz 2f
    mov $0x0e, %ah
    int $0x10
    jmp 1b
2:  mov $0x8000, %di
    mov $0x1000, %cx
    push %di
    xor %al, %al
    rep stosb
    pop %di
key:
    mov $0, %ah
    int $0x16
    cmp $13, %al
    je done
    stosb
    test %al, %al
    jnz 3f
    mov %ah, %al
    stosb
3:  mov $0x0e, %ah
    int $0x10
    test $7, %di
    jnz key
    cli
    mov $40, %bx
4:  xor %cx, %cx
5:  in $0x80, %al
    loop 5b
    dec %bx
    jnz 4b
    sti
    jmp key
done:
    mov $0x0308, %ax        # 8 sectors from 0x8000 to the disk's sectors 1 to 8
    mov $0x8000, %bx
    mov $2, %cx
    mov $0x80, %dx
    int $0x13
    mov $0x0201, %ax        # the floppy's first sector
    mov $0x9000, %bx
    mov $1, %cx
    xor %dx, %dx
    int $0x13
    jc 6f
    mov $0x0301, %ax        # to the disk's sector 9
    mov $0x9000, %bx
    mov $10, %cx
    mov $0x80, %dx
    int $0x13
6:  mov $0x604, %dx         # power management control of the boards pc and q35: off
    mov $0x2000, %ax
    out %ax, %dx
7:  hlt
    jmp 7b
ready: .asciz "READY\r\n"
.org 510
.word 0xaa55
