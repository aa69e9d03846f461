// Kernels of the forward pass over activations of one element type: included by forward.c once for each.
//
// TYPE is the element, READ makes an f32 of it, WRITE the other way, NAME(x) names what is defined. All arithmetic is f32.

#define MAP(KIND)                                                                          \
    KERNEL static void NAME(KIND##_range)(void *p, int64_t begin, int64_t end) {           \
        const forward *f = p;                                                              \
        const TYPE *x = f->x;                                                              \
        TYPE *out = f->out;                                                                \
        for (int64_t i = begin; i < end; i++) out[i] = WRITE(KIND(READ(x[i])));            \
    }

MAP(silu)
MAP(gelu)
MAP(quick_gelu)
MAP(tanhf)
MAP(relu)
#undef MAP

static const atelier_body NAME(activations)[] = {
    NAME(silu_range), NAME(gelu_range), NAME(quick_gelu_range), NAME(tanhf_range), NAME(relu_range),
};

KERNEL static void NAME(add_range)(void *p, int64_t begin, int64_t end) {
    const forward *f = p;
    const TYPE *x = f->x, *y = f->y;
    TYPE *out = f->out;
    for (int64_t i = begin; i < end; i++) out[i] = WRITE(READ(x[i]) + READ(y[i]));
}

KERNEL static void NAME(add_per_sample_range)(void *p, int64_t begin, int64_t end) {
    forward f = *(forward *)p;
    for (int64_t r = begin; r < end; r++) {
        const TYPE *x = (const TYPE *)f.x + r * f.channels, *y = (const TYPE *)f.y + r / f.rows * f.channels;
        TYPE *out = (TYPE *)f.out + r * f.channels;
        for (int64_t c = 0; c < f.channels; c++) out[c] = WRITE(READ(x[c]) + READ(y[c]));
    }
}

KERNEL static void NAME(geglu_range)(void *p, int64_t begin, int64_t end) {
    forward f = *(forward *)p;
    for (int64_t r = begin; r < end; r++) {
        const TYPE *a = (const TYPE *)f.x + r * 2 * f.channels, *b = a + f.channels;
        TYPE *out = (TYPE *)f.out + r * f.channels;
        for (int64_t c = 0; c < f.channels; c++) out[c] = WRITE(READ(a[c]) * gelu(READ(b[c])));
    }
}

KERNEL static void NAME(layer_norm_range)(void *p, int64_t begin, int64_t end) {
    forward f = *(forward *)p;
    for (int64_t r = begin; r < end; r++) {
        const TYPE *x = (const TYPE *)f.x + r * f.channels;
        TYPE *out = (TYPE *)f.out + r * f.channels;
        float sum = 0, squares = 0;
        for (int64_t c = 0; c < f.channels; c++) sum += READ(x[c]);
        float mean = sum / (float)f.channels;
        for (int64_t c = 0; c < f.channels; c++) squares += (READ(x[c]) - mean) * (READ(x[c]) - mean);
        float inverse = 1 / sqrtf(squares / (float)f.channels + f.epsilon);
        f.mean[r] = mean;
        f.inverse[r] = inverse;
        for (int64_t c = 0; c < f.channels; c++)
            out[c] = WRITE((READ(x[c]) - mean) * inverse * f.weight[c] + f.bias[c]);
    }
}

// One pass for mean and variance: sums of differences from a value of each channel, f32 inside a block of rows and f64
// over blocks, put together over the channels of a group by the rule of parallel variances (Chan et al., 1979).
KERNEL static void NAME(group_norm_range)(void *p, int64_t begin, int64_t end) {
    forward f = *(forward *)p;
    int64_t group = f.channels / f.groups, all = f.channels;
    for (int64_t i = begin; i < end; i++) {
        int64_t s = i / f.slices, first = f.groups * (i % f.slices) / f.slices;
        int64_t groups = f.groups * (i % f.slices + 1) / f.slices - first, width = groups * group;
        const TYPE *x = (const TYPE *)f.x + s * f.rows * all + first * group;
        TYPE *out = (TYPE *)f.out + s * f.rows * all + first * group;
        const float *weight = f.weight + first * group, *bias = f.bias + first * group;
        const float *added = f.added ? f.added + s * all + first * group : NULL;
        float *mean = f.mean + s * f.groups + first, *inverse = f.inverse + s * f.groups + first;
        double *sums = (double *)atelier_scratch(width * 9), *squares = sums + width;
        float *pivot = (float *)(squares + width), *sum = pivot + width, *square = sum + width;
        float *scale = square + width, *shift = scale + width;
        memset(sums, 0, 2 * (size_t)width * sizeof(double));
        for (int64_t c = 0; c < width; c++) pivot[c] = READ(x[c]);
        for (int64_t r0 = 0; r0 < f.rows; r0 += ROW_BLOCK) {
            int64_t r1 = r0 + ROW_BLOCK < f.rows ? r0 + ROW_BLOCK : f.rows;
            memset(sum, 0, 2 * (size_t)width * sizeof(float));
            for (int64_t r = r0; r < r1; r++)
                for (int64_t c = 0; c < width; c++) {
                    float d = READ(x[r * all + c]) - pivot[c];
                    sum[c] += d;
                    square[c] += d * d;
                }
            for (int64_t c = 0; c < width; c++) {
                sums[c] += sum[c];
                squares[c] += square[c];
            }
        }
        // From here on sums and squares are each channel's mean and its sum of squared differences from that.
        double rows = (double)f.rows, share = 1 / rows;
        for (int64_t c = 0; c < width; c++) {
            squares[c] -= sums[c] * sums[c] * share;
            sums[c] = sums[c] * share + pivot[c];
            shift[c] = 0;
        }
        if (added)
            for (int64_t c = 0; c < width; c++) {
                sums[c] += added[c];
                shift[c] = added[c];
            }
        for (int64_t g = 0; g < groups; g++) {
            const double *m = sums + g * group, *q = squares + g * group;
            double middle = 0, spread = 0;
            for (int64_t c = 0; c < group; c++) middle += m[c];
            middle /= (double)group;
            for (int64_t c = 0; c < group; c++) spread += q[c] + rows * (m[c] - middle) * (m[c] - middle);
            mean[g] = (float)middle;
            inverse[g] = (float)(1 / sqrt((spread > 0 ? spread : 0) * share / (double)group + f.epsilon));
            for (int64_t c = g * group; c < (g + 1) * group; c++) {
                scale[c] = inverse[g] * weight[c];
                shift[c] = bias[c] + (shift[c] - mean[g]) * scale[c];
            }
        }
        if (f.silu) {
            for (int64_t r = 0; r < f.rows; r++)
                for (int64_t c = 0; c < width; c++)
                    out[r * all + c] = WRITE(silu(READ(x[r * all + c]) * scale[c] + shift[c]));
        } else {
            for (int64_t r = 0; r < f.rows; r++)
                for (int64_t c = 0; c < width; c++)
                    out[r * all + c] = WRITE(READ(x[r * all + c]) * scale[c] + shift[c]);
        }
    }
}

// out[r, :] += scale * up (down x[r, :]), with `up` as [rank, output]; four of the rank at a time.
KERNEL static void NAME(low_rank_range)(void *p, int64_t begin, int64_t end) {
    forward f = *(forward *)p;
    int64_t inputs = f.channels, outputs = f.outputs;
    float *restrict inner = atelier_scratch(f.rank + LANES + (inputs > outputs ? inputs : outputs));
    float *restrict row = inner + (f.rank + LANES - 1) / LANES * LANES;
    for (int64_t r = begin; r < end; r++) {
        const TYPE *restrict x = (const TYPE *)f.x + r * inputs;
        TYPE *restrict out = (TYPE *)f.out + r * outputs;
        for (int64_t c = 0; c < inputs; c++) row[c] = READ(x[c]);
        int64_t k = 0;
        for (; k + 4 <= f.rank; k += 4) {
            const float *restrict d = f.down + k * inputs;
            float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
            for (int64_t c = 0; c < inputs; c++) {
                s0 += row[c] * d[c];
                s1 += row[c] * d[inputs + c];
                s2 += row[c] * d[2 * inputs + c];
                s3 += row[c] * d[3 * inputs + c];
            }
            inner[k] = s0 * f.scale;
            inner[k + 1] = s1 * f.scale;
            inner[k + 2] = s2 * f.scale;
            inner[k + 3] = s3 * f.scale;
        }
        for (; k < f.rank; k++) {
            float sum = 0;
            for (int64_t c = 0; c < inputs; c++) sum += row[c] * f.down[k * inputs + c];
            inner[k] = sum * f.scale;
        }
        for (int64_t o = 0; o < outputs; o++) row[o] = READ(out[o]);
        for (k = 0; k + 4 <= f.rank; k += 4) {
            const float *restrict u = f.up + k * outputs;
            float a = inner[k], b = inner[k + 1], c = inner[k + 2], d = inner[k + 3];
            for (int64_t o = 0; o < outputs; o++)
                row[o] += a * u[o] + b * u[outputs + o] + c * u[2 * outputs + o] + d * u[3 * outputs + o];
        }
        for (; k < f.rank; k++)
            for (int64_t o = 0; o < outputs; o++) row[o] += inner[k] * f.up[k * outputs + o];
        for (int64_t o = 0; o < outputs; o++) out[o] = WRITE(row[o]);
    }
}
