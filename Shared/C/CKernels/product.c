#include "product.h"

enum { FEW = 8 };

product atelier_product(const atelier_convolution *c, int32_t type) {
    int64_t depth = type == ATELIER_BF16 ? 2 : 1;
    product p = {.shape = *c, .depth = depth, .words = c->in_channels / depth, .taps = c->kernel * c->kernel,
                 .rows = c->samples * c->out_height * c->out_width};
    p.step = WORDS / p.taps < 1 ? 1 : WORDS / p.taps;
    if (p.step > p.words) p.step = p.words;
    // Three vectors where that leaves none of them half empty.
    p.width = c->out_channels % PANEL && c->out_channels % 48 == 0 ? 48 : PANEL;
    p.panels = (c->out_channels + p.width - 1) / p.width;
    return p;
}

// The row that one written pixel takes from one place of the kernel, or null for one outside of the picture.
static const char *source(const product *p, int64_t sample, int64_t y, int64_t x, int64_t tap) {
    const atelier_convolution *c = &p->shape;
    int64_t ky = tap / c->kernel, kx = tap % c->kernel, iy, ix;
    if (c->gradient) {
        int64_t dy = y + c->before - ky, dx = x + c->before - kx;
        if (dy < 0 || dx < 0 || dy % c->stride || dx % c->stride) return NULL;
        iy = dy / c->stride;
        ix = dx / c->stride;
    } else {
        iy = y * c->stride + ky - c->before;
        ix = x * c->stride + kx - c->before;
    }
    if (iy < 0 || iy >= c->in_height || ix < 0 || ix >= c->in_width) return NULL;
    return (const char *)p->x + ((sample * c->in_height + iy) * c->in_width + ix) * p->words * 4;
}

static void point(const product *p, int64_t first, int64_t count, const float *zeros, const float **table) {
    const atelier_convolution *c = &p->shape;
    int64_t sample = first / (c->out_height * c->out_width), y = first / c->out_width % c->out_height,
            x = first % c->out_width;
    for (int64_t row = 0; row < count; row++) {
        for (int64_t tap = 0; tap < p->taps; tap++) {
            const char *found = source(p, sample, y, x, tap);
            table[tap * BLOCK + row] = found ? (const float *)found : zeros;
        }
        if (++x < c->out_width) continue;
        x = 0;
        if (++y < c->out_height) continue;
        y = 0;
        sample++;
    }
}

#define WRITE_ROWS(TYPE, READ, WRITE)                                                                    \
    for (int64_t row = 0; row < count; row++) {                                                         \
        const float *from = tile + row * PANEL;                                                         \
        const TYPE *added = p->added ? (const TYPE *)p->added + (first + row) * all + column : NULL;    \
        TYPE *to = (TYPE *)p->out + (first + row) * all + column;                                       \
        if (added)                                                                                      \
            for (int64_t i = 0; i < columns; i++) to[i] = WRITE(from[i] + bias[i] + READ(added[i]));    \
        else                                                                                            \
            for (int64_t i = 0; i < columns; i++) to[i] = WRITE(from[i] + bias[i]);                     \
    }

KERNEL static void write_tile(const product *p, const float *tile, int64_t first, int64_t count, int64_t column) {
    int64_t all = p->shape.out_channels, columns = all - column < p->width ? all - column : p->width;
    float bias[PANEL] = {0};
    for (int64_t i = 0; i < columns; i++) bias[i] = p->bias ? p->bias[column + i] : 0;
    if (p->out_type == ATELIER_BF16) WRITE_ROWS(bf16, widened, narrowed) else WRITE_ROWS(float, , )
}

static void product_range(void *arguments, int64_t begin, int64_t end) {
    const product *p = arguments;
    const product_method *method = atelier_product_method(p->depth == 2 ? ATELIER_BF16 : ATELIER_F32);
    int64_t in = (p->words + VECTOR - 1) / VECTOR * VECTOR, size = p->step * p->taps * PANEL, known = -1;
    float *made = atelier_scratch(size + BLOCK * PANEL + in + 2 * p->taps * BLOCK), *tile = made + size,
          *zeros = tile + BLOCK * PANEL;
    const float **table = (const float **)(zeros + in);
    memset(zeros, 0, (size_t)in * sizeof(float));
    for (int64_t i = begin; i < end; i++) {
        int64_t first = i / p->panels * BLOCK, count = p->rows - first < BLOCK ? p->rows - first : BLOCK;
        int64_t column = i % p->panels * p->width, width = atelier_width(p, column);
        if (first != known) point(p, first, count, zeros, table);
        known = first;
        for (int64_t word = 0; word < p->words; word += p->step) {
            int64_t words = p->words - word < p->step ? p->words - word : p->step;
            const float *panel = (const float *)p->weight + (column * p->words + word * width) * p->taps;
            if (p->weight_type != ATELIER_PACKED) {
                method->panel(p, column, word, words, made);
                panel = made;
            }
            method->multiply[width / VECTOR - 1](table, count, p->taps, word, words, panel, tile, word == 0);
        }
        write_tile(p, tile, first, count, column);
    }
}

static void dots_range(void *arguments, int64_t begin, int64_t end) {
    atelier_product_method(ATELIER_F32)->dots(arguments, begin, end);
}

bool atelier_convolves(int32_t type) { return atelier_product_method(type) != NULL; }

void atelier_convolve(
    const atelier_convolution *c, int32_t type, const void *x, int32_t weight_type, const void *weight,
    const float *bias, const void *added, int32_t out_type, void *out) {
    product p = atelier_product(c, type);
    p.x = x;
    p.weight = weight;
    p.weight_type = weight_type;
    p.bias = bias;
    p.added = added;
    p.out = out;
    p.out_type = out_type;
    bool isLinear = p.taps == 1 && c->stride == 1 && c->before == 0 && !c->gradient;
    if (isLinear && p.rows <= FEW && p.depth == 1 && weight_type != ATELIER_PACKED)
        atelier_parallel(c->out_channels, 1 + 65536 / (c->in_channels + 1), dots_range, &p);
    else
        atelier_parallel(p.panels * ((p.rows + BLOCK - 1) / BLOCK), 1, product_range, &p);
}

int64_t atelier_packed_words(const atelier_convolution *c, int32_t type) {
    product p = atelier_product(c, type);
    return ((p.panels - 1) * p.width + atelier_width(&p, (p.panels - 1) * p.width)) * p.words * p.taps;
}

typedef struct {
    product p;
    float *packed;
} packing;

// Rounds two channels each and puts them into one word.
KERNEL static void join(const float *panel, float *packed, int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; row++) {
        const float *low = panel + 2 * row * width, *high = low + width;
        uint32_t *to = (uint32_t *)packed + row * width;
        for (int64_t i = 0; i < width; i++) to[i] = narrowed(low[i]) | (uint32_t)narrowed(high[i]) << 16;
    }
}

static void pack_range(void *arguments, int64_t begin, int64_t end) {
    const packing *a = arguments;
    const product *p = &a->p;
    const product_method *method = atelier_product_method(ATELIER_F32);
    float *made = atelier_scratch(2 * p->step * p->taps * PANEL);
    for (int64_t i = begin; i < end; i++)
        for (int64_t word = 0; word < p->words; word += p->step) {
            int64_t words = p->words - word < p->step ? p->words - word : p->step;
            int64_t column = i * p->width, width = atelier_width(p, column);
            float *to = a->packed + (column * p->words + word * width) * p->taps;
            method->panel(p, column, p->depth * word, p->depth * words, p->depth == 1 ? to : made);
            if (p->depth == 2) join(made, to, p->taps * words, width);
        }
}

void atelier_pack(
    const atelier_convolution *c, int32_t type, int32_t weight_type, const void *weight, void *packed) {
    packing a = {atelier_product(c, type), packed};
    a.p.weight = weight;
    a.p.weight_type = weight_type;
    atelier_parallel(a.p.panels, 1, pack_range, &a);
}
