// Texts that speak of pictures, and what each picture shows; `shows` and `of` of the Python side.
// A text changes in the same paint as the first picture that shows what it will say. Pictures that
// still show something else are dimmed until they follow.
const shown = (globalThis.phenakiVizShown ??= { pictures: new Map(), texts: new Set() });

// What a text says may be less than what the picture shows: a run, where that is a head of it.
const isOf = (shows, said) => shows === said || shows.startsWith(`${said} `);

function painted(key, picture) {
  shown.pictures.set(key, picture);
  agree();
}

function gone(key, picture) {
  if (shown.pictures.get(key) !== picture) return;
  shown.pictures.delete(key);
  agree();
}

function agree() {
  for (const text of shown.texts) text.follow();
  for (const [key, picture] of shown.pictures) {
    picture.age([...shown.texts].some((text) => text.outgrew(key, picture.shows)));
  }
  for (const text of shown.texts) text.note();
}

// What a picture and its lines have in common, whatever draws it.
function dim(panel, old) {
  panel.classList.toggle("old", old);
  panel.ariaBusy = String(old);
}
