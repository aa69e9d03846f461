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

static void cjpeg_ignore(j_common_ptr info) { (void)info; }

/// Decodes a JPEG of grey or colour into RGB rows.
///
/// Returns 0 and a block of *width * *height * 3 bytes for free(3) in *rgb, or 1 and the reason in message: also for a file
/// that libjpeg would only warn of, which is one that is damaged or cut short.
static inline int cjpeg_decode(
    const unsigned char *bytes, unsigned long size, size_t largest, unsigned char **rgb, int *width, int *height,
    char message[JMSG_LENGTH_MAX]
) {
    struct jpeg_decompress_struct info;
    cjpeg_failure failure;
    *rgb = NULL;
    info.err = jpeg_std_error(&failure.manager);
    failure.manager.error_exit = cjpeg_fail;
    failure.manager.output_message = cjpeg_ignore;
    if (setjmp(failure.jump)) {
        jpeg_destroy_decompress(&info);
        free(*rgb);
        *rgb = NULL;
        snprintf(message, JMSG_LENGTH_MAX, "%s", failure.message);
        return 1;
    }
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, bytes, size);
    jpeg_read_header(&info, TRUE);
    info.out_color_space = JCS_RGB;
    jpeg_start_decompress(&info);
    if ((size_t)info.output_width * info.output_height > largest) {
        snprintf(failure.message, JMSG_LENGTH_MAX, "more than %zu pixels", largest);
        longjmp(failure.jump, 1);
    }
    *width = (int)info.output_width;
    *height = (int)info.output_height;
    *rgb = malloc((size_t)info.output_width * info.output_height * 3);
    if (!*rgb) {
        snprintf(failure.message, JMSG_LENGTH_MAX, "no memory for its pixels");
        longjmp(failure.jump, 1);
    }
    while (info.output_scanline < info.output_height) {
        JSAMPROW row = *rgb + (size_t)info.output_scanline * info.output_width * 3;
        jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    if (failure.manager.num_warnings > 0) {
        snprintf(failure.message, JMSG_LENGTH_MAX, "it is damaged or cut short");
        longjmp(failure.jump, 1);
    }
    jpeg_destroy_decompress(&info);
    return 0;
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
