// Rows of a table by number (embedding), and the gradient.
// indices holds whole numbers as reals; they are clamped to the table before they become integers.
FN index table_row(real number, index table_rows) {
  const real last = (real)(table_rows - 1);
  return (index)(number > 0 ? (number < last ? number : last) : 0);
}
// y[r][c] = table[indices[r]][c].
#define GATHER(_) _(IN, table) _(IN, indices) _(OUT, y) _(SIZE, rows) _(SIZE, columns) _(SIZE, table_rows)
ROWWISE(gather_rows, GATHER) { y[at] = table[table_row(indices[at / columns], table_rows) * columns + c]; }

// y[t][c] = sum of dy[r][c] over the rows r with indices[r] = t, in ascending order: no atomics. Items: table rows x columns.
#define SCATTER(_) _(IN, dy) _(IN, indices) _(OUT, y) _(SIZE, gathered) _(SIZE, columns) _(SIZE, table_rows)
KERNEL(scatter_rows, SCATTER) {
  const index row = i / columns, c = i % columns;
  real sum = 0;
  for (index r = 0; r < gathered; ++r) sum += table_row(indices[r], table_rows) == row ? dy[r * columns + c] : R(0.0);
  y[i] = sum;
}
