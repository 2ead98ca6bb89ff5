// State of the page, and the marks of rows as the server encodes them.

export const Mark = {
  FAILED: 1, FLAGGED: 2, PLAYED: 4, KEPT: 8, REJECTED: 16, PINNED: 32, MISSING: 64, REQUESTED: 128, UNDECIDED: 256, NOTED: 512, EDITED: 1024, DOUBTFUL: 2048,
};

export const store = {
  run: null, // answer of /api/run
  contents: { chapters: [], voices: [], characters: [] },
  chapter: null, // answer of /api/chapters/N
  current: null, // id of the current row
  row: null, // answer of /api/rows/ID
  take: null, // name of the take that is shown
  words: [], // timed words of that take
  view: "book",
  filter: { show: "all", voice: "", character: "" },
};

const listeners = new Map();

export function on(event, act) {
  listeners.set(event, [...(listeners.get(event) || []), act]);
}

export function emit(event, value) {
  for (const act of listeners.get(event) || []) act(value);
}

export const FILTERS = [
  { name: "all", title: "All", matches: () => true },
  { name: "undecided", title: "To decide", matches: (marks) => marks & Mark.UNDECIDED },
  { name: "flagged", title: "Flagged", matches: (marks) => marks & Mark.FLAGGED },
  { name: "doubtful", title: "Doubtful words", matches: (marks) => marks & Mark.DOUBTFUL },
  { name: "failed", title: "Failed", matches: (marks) => marks & Mark.FAILED },
  { name: "unplayed", title: "Not played", matches: (marks) => !(marks & (Mark.PLAYED | Mark.MISSING)) },
];

export function matchesFilter([, marks, voice, character]) {
  const { show, voice: wantedVoice, character: wantedCharacter } = store.filter;
  return Boolean(FILTERS.find((filter) => filter.name === show).matches(marks))
    && (!wantedVoice || store.contents.voices[voice] === wantedVoice)
    && (!wantedCharacter || store.contents.characters[character] === wantedCharacter);
}

export const isFiltered = () =>
  store.filter.show !== "all" || store.filter.voice !== "" || store.filter.character !== "";

/** All sentences of the book in order, each with the number of its chapter. */
export function* allSentences() {
  for (const chapter of store.contents.chapters)
    for (const sentence of chapter.sentences) yield [sentence, chapter.number];
}

export function sentenceOf(id) {
  for (const paragraph of store.chapter?.paragraphs || [])
    for (const sentence of paragraph.sentences) if (sentence.id === id) return sentence;
  return null;
}

export const isWritable = () => Boolean(store.run && !store.run.is_read_only);
