#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <jpeglib.h>

// libjpeg reports an error by calling error_exit, which must not return. The jump stays inside this one C function: it
// never crosses a Swift frame.

typedef struct {
    struct jpeg_error_mgr manager;
    jmp_buf jump;
    char message[JMSG_LENGTH_MAX];
} cjpeg_failure;

static void cjpeg_fail(j_common_ptr info) {
    cjpeg_failure *failure = (cjpeg_failure *)info->err;
    failure->manager.format_message(info, failure->message);
    longjmp(failure->jump, 1);
}

/// Encodes RGB rows as a baseline JPEG with libjpeg's defaults (4:2:0).
///
/// Returns 0 and a block for free(3) in *output, or 1 and the reason in message.
static inline int cjpeg_encode(
    const unsigned char *rgb, int width, int height, int quality, unsigned char **output, unsigned long *size,
    char message[JMSG_LENGTH_MAX]
) {
    struct jpeg_compress_struct info;
    cjpeg_failure failure;
    *output = NULL;
    *size = 0;
    info.err = jpeg_std_error(&failure.manager);
    failure.manager.error_exit = cjpeg_fail;
    if (setjmp(failure.jump)) {
        jpeg_destroy_compress(&info);
        free(*output);
        *output = NULL;
        snprintf(message, JMSG_LENGTH_MAX, "%s", failure.message);
        return 1;
    }
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, output, size);
    info.image_width = (JDIMENSION)width;
    info.image_height = (JDIMENSION)height;
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, quality, TRUE);
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < info.image_height) {
        JSAMPROW row = (JSAMPROW)(rgb + (size_t)info.next_scanline * (size_t)width * 3);
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    return 0;
}
