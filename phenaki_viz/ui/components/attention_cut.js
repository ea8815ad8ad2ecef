// What is left out of a map (map_cut.py), and where a key stands in its row.

// null, or for the value number i: kept(i), 0..1, and shown(i), the renormalised weight.
function cutOf({ cut, shape: [, columns], window }, parts, values) {
  if (!cut) return null;
  const { kept, keptBits, left } = parts;
  const renormalised = cut.without.length > 0;
  const share = kept
    ? (i) => kept[i] / 255
    : (i) => (keptBits[i >> 3] >> (7 - (i & 7))) & 1;
  if (!renormalised) return { ...cut, renormalised, kept: share, shown: (i) => values[i] };
  const pooled = parts.shownCodes && decoded({ codes: parts.shownCodes, listed: parts.shownListed });
  const away = new Set(cut.without);
  const single = (i) => {
    const rest = left[Math.floor(i / columns)];
    return away.has(window[2] + (i % columns)) || !rest ? 0 : values[i] / rest;
  };
  return { ...cut, renormalised, kept: share, shown: pooled ? (i) => pooled[i] : single };
}

// Two pixels mixed: share 1 is the first.
function mixed(one, other, share) {
  if (share >= 1) return one;
  if (share <= 0) return other;
  const at = (pixelled, shift) => (pixelled >>> shift) & 255;
  const blend = (shift) =>
    Math.round(share * at(one, shift) + (1 - share) * at(other, shift));
  return pixel(blend(0), blend(8), blend(16));
}

// [first, last] place of a value in its row, 1 the heaviest: two numbers where weights read alike.
// null when the row is not here whole, or the value stands for several cells.
function rankOf({ values, ranks, shape: [, columns], cell, window }, keys, i) {
  if (Math.max(...cell) > 1) return null;
  if (ranks) return [ranks[i], ranks[i]];
  if (window[2] > 0 || window[3] < keys) return null;
  const row = i - (i % columns);
  let [heavier, equal] = [0, 0];
  for (let at = row; at < row + columns; at++) {
    if (values[at] > values[i]) heavier += 1;
    else if (values[at] === values[i]) equal += 1;
  }
  return [heavier + 1, heavier + equal];
}

function rankWords(rank, keys) {
  if (!rank) return "rank —";
  const [first, last] = rank;
  return `rank ${first === last ? first : `${first}–${last}`} of ${keys}`;
}

function cutWords(cut, i) {
  if (!cut) return "";
  const kept = cut.kept(i);
  const words = cut.renormalised && kept > 0 ? ` · renormalised ${spoken(cut.shown(i))}` : "";
  if (kept >= 1) return words;
  return `${words} · ${kept > 0 ? `${spoken(100 * kept, 2)}\u00a0% of it kept` : "left out"}`;
}
