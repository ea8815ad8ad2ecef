// What Python sends and what rooms hand to each other. Lengths in CSS pixels, indices from 0.

export type Place = [step: number, row: number, column: number];
export type Grid = [steps: number, rows: number, columns: number];
/** Rows and columns of the whole map, ends excluded: r0 r1 c0 c1. */
export type Part = [r0: number, r1: number, c0: number, c1: number];
export type Pair = [number, number];

/** `MapAxis.header` of Python. */
export interface Axis {
  title: string;
  nulls: number;
  grid: Grid | null;
  origin: Place;
  words: string[] | null;
  before: number;
  breaks: number[];
  groups: string[];
}

export type Law = "linear" | "sqrt" | "log" | "uniform";

/** The numbers that a scale needs to place a value. */
export interface Ends {
  low: number;
  high: number;
  law: Law;
}

/** `scale_header` of Python. */
export interface Scale extends Ends {
  /** Whether the last colour stands for larger values too. */
  above: boolean;
  /** The largest value there is; null when it is not known. */
  most: number | null;
  /** What the ends were taken from, in words. */
  scope: string;
  /** Whether the ends were set by hand. */
  hand: boolean;
  /** Colours and names of categories. */
  names?: [colour: string, name: string][];
}

/** Typed arrays by name, as `pack` of Python sent them. */
export type Parts = Record<string, Float32Array | Uint16Array | Uint8Array>;

/** A panel knows what is in its own: see its Python wrapper. */
export interface Message {
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any panel
  head: Record<string, any>;
  // biome-ignore lint/suspicious/noExplicitAny: typed arrays of any panel
  parts: Record<string, any>;
}

/** What is left out of a map, by the number of a value. */
export interface RowFilter {
  without: number[];
  said: string[];
  colour: string;
  renormalised: boolean;
  /** The share of a value that is kept, 0..1. */
  kept(i: number): number;
  /** The weight that makes the colour. */
  shown(i: number): number;
}

/** Values that cover a part of a map, each standing for `cell` cells. */
export interface Values {
  window: Part;
  cell: Pair;
  shape: Pair;
  values: Float32Array;
  /** The place of each value in its whole row. */
  ranks?: Uint16Array;
}

export interface Tile extends Values {
  rowFilter: RowFilter | null;
  /** What colours follow. */
  measured?: Float32Array;
  picture?: OffscreenCanvas;
  has?: { masked: boolean; wrong: boolean };
  source?: string;
}

/** A map that is here whole, every weight for itself, for others on the page to read. */
export interface Weights {
  of: string;
  values: Float32Array;
  query: Axis;
  key: Axis;
  total: Pair;
  uniform?: Float32Array;
  flatKeys?: number[];
  flatQueries?: number[];
}

/** The selection of the page. */
export interface Pick {
  link: string;
  query?: number | null;
  key?: number | null;
  /** The chosen patches, the query's first; none where `query` alone says it. */
  places?: Place[];
}

/** What is pointed at. */
export interface Point {
  link?: string;
  query?: number | null;
  key?: number | null;
}

/** What Streamlit, or any other host, calls a component with. */
export interface Call {
  data: Uint8Array;
  parentElement: ParentNode & Node;
  setStateValue(name: string, value: unknown): void;
}

/** What a text needs to know of a picture. */
export interface Picture {
  shows?: string;
  late?: boolean;
  age(old?: boolean): void;
}

export type Pen = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
export type Box = [x: number, y: number, width: number, height: number];
