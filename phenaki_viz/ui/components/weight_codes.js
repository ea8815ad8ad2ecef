// The other end of weight_codes.py: two bytes -> a weight, with every digit that is shown of it.

const CODED = (() => {
  const [least, small, fine, middle, line] = [1e-11, 900, 6301, 15301, 24301];
  const table = new Float32Array(65536);
  for (let code = 1; code < 65533; code++) {
    const decade = Math.floor((code - 1) / small);
    table[code] = code < fine
      ? least * 10 ** decade * (100 + (code - 1) % small) / 100
      : code < middle
        ? (code - fine + 1000) / 1e7
        : code < line ? (code - middle + 1000) / 1e6 : (code - line + 10000.5) / 1e6;
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
