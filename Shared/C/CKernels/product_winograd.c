#include "product.h"

#if defined(__x86_64__)
#include <immintrin.h>

// 3×3 convolutions by Winograd's algorithm F(4×4, 3×3): a quarter of the multiplications (Lavin & Gray, "Fast Algorithms for
// Convolutional Neural Networks", 2016). Tiles of 6×6 pixels become 36 numbers a channel, each of which is a product of
// matrices [tile, channel] · [channel, column] of its own; their results become tiles of 4×4 pixels. All arithmetic is f32.

enum { TILES = 96, POINTS = 36 };

#define WIDE __attribute__((target(WIDE_SET)))
#define INLINE WIDE static inline __attribute__((always_inline))

typedef struct {
    product p;
    int32_t in_type;
    int64_t tiles_high, tiles_wide, tiles, blocks, parts;
} winograd;

INLINE void input_points(const __m512 a[6], __m512 t[6]) {
    const __m512 two = _mm512_set1_ps(2), four = _mm512_set1_ps(4), five = _mm512_set1_ps(5);
    __m512 s = _mm512_fnmadd_ps(four, a[2], a[4]), u = _mm512_fnmadd_ps(four, a[1], a[3]);
    __m512 v = _mm512_sub_ps(a[4], a[2]), w = _mm512_sub_ps(a[3], a[1]);
    t[0] = _mm512_fmadd_ps(four, a[0], _mm512_fnmadd_ps(five, a[2], a[4]));
    t[1] = _mm512_add_ps(s, u);
    t[2] = _mm512_sub_ps(s, u);
    t[3] = _mm512_fmadd_ps(two, w, v);
    t[4] = _mm512_fnmadd_ps(two, w, v);
    t[5] = _mm512_fmadd_ps(four, a[1], _mm512_fnmadd_ps(five, a[3], a[5]));
}

INLINE void output_pixels(const __m512 m[6], __m512 o[4]) {
    const __m512 two = _mm512_set1_ps(2), four = _mm512_set1_ps(4), eight = _mm512_set1_ps(8);
    __m512 sum1 = _mm512_add_ps(m[1], m[2]), difference1 = _mm512_sub_ps(m[1], m[2]);
    __m512 sum2 = _mm512_add_ps(m[3], m[4]), difference2 = _mm512_sub_ps(m[3], m[4]);
    o[0] = _mm512_add_ps(m[0], _mm512_add_ps(sum1, sum2));
    o[1] = _mm512_fmadd_ps(two, difference2, difference1);
    o[2] = _mm512_fmadd_ps(four, sum2, sum1);
    o[3] = _mm512_add_ps(m[5], _mm512_fmadd_ps(eight, difference2, difference1));
}

INLINE void kernel_points(const __m512 g[3], __m512 u[6]) {
    const __m512 sixth = _mm512_set1_ps(-1.0f / 6), small = _mm512_set1_ps(1.0f / 24);
    __m512 ends = _mm512_add_ps(g[0], g[2]);
    __m512 even = _mm512_fmadd_ps(_mm512_set1_ps(4), g[2], g[0]), odd = _mm512_add_ps(g[1], g[1]);
    u[0] = _mm512_mul_ps(_mm512_set1_ps(0.25f), g[0]);
    u[1] = _mm512_mul_ps(sixth, _mm512_add_ps(ends, g[1]));
    u[2] = _mm512_mul_ps(sixth, _mm512_sub_ps(ends, g[1]));
    u[3] = _mm512_mul_ps(small, _mm512_add_ps(even, odd));
    u[4] = _mm512_mul_ps(small, _mm512_sub_ps(even, odd));
    u[5] = g[2];
}

INLINE __m512 load(const void *x, int32_t type, int64_t at) {
    if (type == ATELIER_F32) return _mm512_loadu_ps((const float *)x + at);
    __m256i halves = _mm256_loadu_si256((const __m256i *)((const bf16 *)x + at));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

// To nearest, ties to even, as narrowed() does.
INLINE void store(void *x, int32_t type, int64_t at, __m512 value) {
    if (type == ATELIER_F32) {
        _mm512_storeu_ps((float *)x + at, value);
        return;
    }
    __m512i bits = _mm512_castps_si512(value), odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    bits = _mm512_srli_epi32(_mm512_add_epi32(_mm512_add_epi32(bits, odd), _mm512_set1_epi32(0x7fff)), 16);
    _mm256_storeu_si256((__m256i *)((bf16 *)x + at), _mm512_cvtepi32_epi16(bits));
}

typedef struct {
    int64_t sample, y, x;
} place;

// The upper left pixel that a tile writes.
static place place_of(const winograd *w, int64_t tile) {
    int64_t each = w->tiles_high * w->tiles_wide;
    return (place){tile / each, tile % each / w->tiles_wide * 4, tile % w->tiles_wide * 4};
}

// points[point, tile, channel] of `count` tiles from `first`.
INLINE void read_tiles(const winograd *w, int32_t type, int64_t first, int64_t count, float *points) {
    const atelier_convolution *c = &w->p.shape;
    for (int64_t tile = 0; tile < count; tile++) {
        place at = place_of(w, first + tile);
        for (int64_t channel = 0; channel < c->in_channels; channel += VECTOR) {
            __m512 half[6][6];
            for (int j = 0; j < 6; j++) {
                int64_t x = at.x + j - 1;
                __m512 column[6], turned[6];
                for (int i = 0; i < 6; i++) {
                    int64_t y = at.y + i - 1;
                    bool inside = x >= 0 && x < c->in_width && y >= 0 && y < c->in_height;
                    column[i] = inside ? load(w->p.x, type,
                                              ((at.sample * c->in_height + y) * c->in_width + x) * c->in_channels + channel)
                                       : _mm512_setzero_ps();
                }
                input_points(column, turned);
                for (int i = 0; i < 6; i++) half[i][j] = turned[i];
            }
            float *to = points + tile * c->in_channels + channel;
            for (int i = 0; i < 6; i++) {
                __m512 row[6];
                input_points(half[i], row);
                for (int j = 0; j < 6; j++)
                    _mm512_storeu_ps(to + (i * 6 + j) * TILES * c->in_channels, row[j]);
            }
        }
    }
}

// Pixels of `count` tiles from `first` and of one panel's columns, of products[point, tile, column].
INLINE void write_tiles(
    const winograd *w, int32_t type, bool adds, int64_t first, int64_t count, int64_t column, int64_t width,
    const float *products) {
    const product *p = &w->p;
    const atelier_convolution *c = &p->shape;
    for (int64_t tile = 0; tile < count; tile++) {
        place at = place_of(w, first + tile);
        for (int64_t i = 0; i < width; i += VECTOR) {
            const float *from = products + tile * PANEL + i;
            __m512 half[4][6], bias = p->bias ? _mm512_loadu_ps(p->bias + column + i) : _mm512_setzero_ps();
            for (int k = 0; k < 6; k++) {
                __m512 m[6], o[4];
                for (int j = 0; j < 6; j++) m[j] = _mm512_loadu_ps(from + (j * 6 + k) * TILES * PANEL);
                output_pixels(m, o);
                for (int j = 0; j < 4; j++) half[j][k] = o[j];
            }
            for (int y = 0; y < 4 && at.y + y < c->out_height; y++) {
                __m512 o[4];
                output_pixels(half[y], o);
                int64_t pixel = (at.sample * c->out_height + at.y + y) * c->out_width + at.x;
                for (int x = 0; x < 4; x++) {
                    if (at.x + x >= c->out_width) break;
                    int64_t to = (pixel + x) * c->out_channels + column + i;
                    __m512 value = _mm512_add_ps(o[x], bias);
                    if (adds) value = _mm512_add_ps(value, load(p->added, type, to));
                    store(p->out, type, to, value);
                }
            }
        }
    }
}

// Constants, so that the choice is not made for each vector.
WIDE static void read_any(const winograd *w, int64_t first, int64_t count, float *points) {
    if (w->in_type == ATELIER_BF16)
        read_tiles(w, ATELIER_BF16, first, count, points);
    else
        read_tiles(w, ATELIER_F32, first, count, points);
}

WIDE static void write_any(
    const winograd *w, int64_t first, int64_t count, int64_t column, int64_t width, const float *products) {
    if (w->p.out_type == ATELIER_BF16) {
        if (w->p.added)
            write_tiles(w, ATELIER_BF16, true, first, count, column, width, products);
        else
            write_tiles(w, ATELIER_BF16, false, first, count, column, width, products);
    } else if (w->p.added) {
        write_tiles(w, ATELIER_F32, true, first, count, column, width, products);
    } else {
        write_tiles(w, ATELIER_F32, false, first, count, column, width, products);
    }
}

static int64_t columns_of(const product *p) {
    return (p->panels - 1) * p->width + atelier_width(p, (p->panels - 1) * p->width);
}

static void winograd_range(void *arguments, int64_t begin, int64_t end) {
    const winograd *w = arguments;
    const product *p = &w->p;
    const product_method *method = atelier_product_method(ATELIER_F32);
    int64_t words = p->words, point = TILES * words, weights = columns_of(p) * words;
    float *points = atelier_scratch(POINTS * (point + TILES * PANEL) + 2 * TILES), *products = points + POINTS * point;
    const float **table = (const float **)(products + POINTS * TILES * PANEL);
    for (int64_t i = begin; i < end; i++) {
        int64_t first = i / w->parts * TILES, count = w->tiles - first < TILES ? w->tiles - first : TILES;
        int64_t part = i % w->parts, stop = p->panels * (part + 1) / w->parts;
        read_any(w, first, count, points);
        for (int64_t n = p->panels * part / w->parts; n < stop; n++) {
            int64_t column = n * p->width, width = atelier_width(p, column);
            for (int64_t k = 0; k < POINTS; k++) {
                for (int64_t tile = 0; tile < count; tile++) table[tile] = points + k * point + tile * words;
                for (int64_t word = 0; word < words; word += p->step) {
                    int64_t some = words - word < p->step ? words - word : p->step;
                    const float *factors = (const float *)p->weight + k * weights + column * words + word * width;
                    method->multiply[width / VECTOR - 1](
                        table, count, 1, word, some, factors, products + k * TILES * PANEL, word == 0);
                }
            }
            write_any(w, first, count, column, width, products);
        }
    }
}

static winograd planned(const atelier_convolution *c) {
    atelier_convolution one = *c;
    one.kernel = 1;
    winograd w = {.p = atelier_product(&one, ATELIER_F32), .tiles_high = (c->out_height + 3) / 4,
                  .tiles_wide = (c->out_width + 3) / 4};
    w.tiles = c->samples * w.tiles_high * w.tiles_wide;
    w.blocks = (w.tiles + TILES - 1) / TILES;
    return w;
}

void atelier_convolve_winograd(
    const atelier_convolution *c, int32_t in_type, const void *x, const float *packed, const float *bias,
    const void *added, int32_t out_type, void *out) {
    winograd w = planned(c);
    w.in_type = in_type;
    w.p.x = x;
    w.p.weight = packed;
    w.p.bias = bias;
    w.p.added = added;
    w.p.out_type = out_type;
    w.p.out = out;
    // Few tiles are divided among the threads by columns, and each reads all of them.
    w.parts = w.blocks >= atelier_threads() ? 1 : w.p.panels < atelier_threads() ? w.p.panels : atelier_threads();
    atelier_parallel(w.blocks * w.parts, 1, winograd_range, &w);
}

int64_t atelier_winograd_count(const atelier_convolution *c) {
    winograd w = planned(c);
    return POINTS * columns_of(&w.p) * w.p.words;
}

typedef struct {
    product p;
    float *packed;
} packing;

WIDE static void pack_range(void *arguments, int64_t begin, int64_t end) {
    const packing *a = arguments;
    const product *p = &a->p;
    int64_t weights = columns_of(p) * p->words;
    float *kernels = atelier_scratch(9 * p->step * PANEL);
    for (int64_t i = begin; i < end; i++)
        for (int64_t word = 0; word < p->words; word += p->step) {
            int64_t words = p->words - word < p->step ? p->words - word : p->step;
            int64_t column = i * p->width, width = atelier_width(p, column);
            atelier_product_method(ATELIER_F32)->panel(p, column, word, words, kernels);
            float *to = a->packed + column * p->words + word * width;
            for (int64_t place = 0; place < words * width; place += VECTOR) {
                __m512 half[6][3], u[6];
                for (int x = 0; x < 3; x++) {
                    __m512 g[3];
                    for (int y = 0; y < 3; y++) {
                        // The gradient at the input is a convolution by the kernels turned around.
                        int tap = p->shape.gradient ? 8 - (y * 3 + x) : y * 3 + x;
                        g[y] = _mm512_loadu_ps(kernels + tap * words * width + place);
                    }
                    kernel_points(g, u);
                    for (int y = 0; y < 6; y++) half[y][x] = u[y];
                }
                for (int y = 0; y < 6; y++) {
                    kernel_points(half[y], u);
                    for (int x = 0; x < 6; x++) _mm512_storeu_ps(to + (y * 6 + x) * weights + place, u[x]);
                }
            }
        }
}

void atelier_pack_winograd(const atelier_convolution *c, int32_t weight_type, const void *weight, float *packed) {
    packing a = {atelier_product(c, ATELIER_F32), packed};
    a.p.weight = weight;
    a.p.weight_type = weight_type;
    atelier_parallel(a.p.panels, 1, pack_range, &a);
}

#else
#include <stdlib.h>

// Never reached: atelier_convolves() is false.

void atelier_convolve_winograd(
    const atelier_convolution *c, int32_t in_type, const void *x, const float *packed, const float *bias,
    const void *added, int32_t out_type, void *out) {
    abort();
}

int64_t atelier_winograd_count(const atelier_convolution *c) { abort(); }

void atelier_pack_winograd(const atelier_convolution *c, int32_t weight_type, const void *weight, float *packed) { abort(); }

#endif
