// The other end of weight_codes.py: two bytes -> a weight, exact to 1e-6.

const CODED = (() => {
  const [least, ratio, step, logs] = [1e-12, 1e-3, 1.6e-6, 21193];
  const knee = least * Math.exp(logs * ratio);
  const table = new Float32Array(65536);
  for (let code = 1; code < 65533; code++) {
    table[code] = code <= logs ? least * Math.exp(code * ratio) : knee + (code - logs) * step;
  }
  table[65534] = Infinity;
  table[65535] = NaN;
  return table;
})();

function decoded({ codes, listed }) {
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = CODED[codes[i]];
  for (let i = 0; i < listed.length; i += 2) values[listed[i]] = listed[i + 1];
  return values;
}
