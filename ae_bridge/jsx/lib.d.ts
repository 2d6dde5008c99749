// What the AfterEffects types use of TypeScript's own library, which is switched off (noLib): it would allow JSON,
// forEach and trim, and the engine has none of them.
type Extract<T, U> = T extends U ? T : never;

// Members that After Effects has and its documentation does not.
interface Project {
  colorManagementSystem: number;
  ocioConfigurationFile: string;
}
interface ImportOptions {
  rangeStart: number;
  rangeEnd: number;
}

/** What a tag says, see tags.jsx; read from a comment, every value is a string. */
interface TagFields {
  uid: string;
  [name: string]: string | number;
}

interface Decision {
  value: string;
  write: boolean;
  kept: boolean;
  last: string | undefined;
}

/** Seconds of the comp. */
interface Span {
  start: number;
  inPoint: number;
  outPoint: number;
}

/** A trim of the artist's: where he wants it, and where it stood when we left. */
interface OwnTrim {
  wanted: number;
  stood: number;
}

/** As it was written last. */
interface LastSpan extends Span {
  ownIn?: OwnTrim;
  ownOut?: OwnTrim;
}

interface Times {
  span: Span;
  slid: boolean;
  /** Where the artist wants them; undefined where they follow the footage. */
  ownIn?: number;
  ownOut?: number;
  /** False where his trims lie beyond the footage. */
  reached: boolean;
}

interface ReportEntry {
  kind: string;
  uid: string;
  name: string;
  field: string;
  words: string;
}

interface Report {
  ok: boolean;
  action: string;
  shot: {uid: string; name: string; version: number; previous: number};
  comp: {id: number; name: string};
  added: ReportEntry[];
  changed: ReportEntry[];
  kept: ReportEntry[];
  warnings: ReportEntry[];
  errors: ReportEntry[];
}

interface ShotEntry {
  uid: string;
  name: string;
  compId: number;
  version: number;
  deliveryId: string;
  /** Whether it is to stay as it is when all shots are updated. */
  pinned: boolean;
  missing: number;
}

interface PlannedFootage {
  uid: string;
  name: string;
  path: string;
  relative: string;
  sequence: boolean;
  /** A sound: neither sequence nor still, as long as `frames` of the shot. */
  sound: boolean;
  first: number;
  last: number;
  frames: number;
  /** Frame of the shot that shows the first file; null for a still. Of a sound the frame on which it begins. */
  start: number;
  fps: number;
  alpha: "STRAIGHT" | "PREMULTIPLIED" | "IGNORE";
  aspect: number;
  width: number;
  height: number;
  version: number;
  label: number;
  matte: boolean;
  /** Values, not colours. */
  data: boolean;
  className: string;
  layerUid: string;
  layerName: string;
  paintedBy: string;
}

interface PlannedEffect {
  matchName: string;
  set: Record<string, number>;
}

/** How a layer moves: a value of each property for every frame from `first`, or one alone. */
interface PlannedMoves {
  kind: "camera" | "null_3d" | "null_2d" | "source";
  /** Uid of the layer that it hangs on, "". */
  parent: string;
  first: number;
  keys: Record<string, number[][]>;
}

/** A marker in frames from the start of its layer. */
interface MarkerSpan {
  at: number;
  frames: number;
  words: string;
}

interface PlannedLayer {
  uid: string;
  name: string;
  role: string;
  version: number;
  /** Null of a layer that has `moves` or `notice`. */
  footage: PlannedFootage;
  moves: PlannedMoves;
  /** What a layer of text says. */
  notice?: string;
  /** From frame `first` to `last` of the shot. */
  markers: {first: number; last: number; words: string}[];
  matteUid: string;
  wanted: Record<string, string>;
  effects: PlannedEffect[];
}

interface Plan {
  uid: string;
  name: string;
  version: number;
  deliveryId: string;
  width: number;
  height: number;
  aspect: number;
  fps: number;
  first: number;
  last: number;
  frames: number;
  project: any;
  layers: PlannedLayer[];
  byUid: Record<string, PlannedLayer>;
  aside: PlannedLayer[];
}

interface TaggedItem {
  item: _ItemClasses;
  id: number;
  tag: TagFields;
}

/** A layer of ours as it stands in the comp before anything is changed. */
interface KnownLayer {
  /** An AVLayer or a CameraLayer. */
  layer: any;
  uid: string;
  name: string;
  tag: TagFields;
  current: Record<string, string>;
  matte: string;
  span: Span;
  ownTime: boolean;
  source: string;
  locked: boolean;
  isNew: boolean;
  /** Nothing of it is to be written. */
  dry: boolean;
}

interface CompWork {
  uid: string;
  item: CompItem;
  tag: TagFields;
  isNew: boolean;
  known: Record<string, KnownLayer[]>;
  /** Hashes of the layers it has ever had; null where the tag does not say. */
  had: Record<string, boolean>;
  planned: PlannedLayer[];
  /** Of the planned, those to add. */
  missing: Record<string, boolean>;
}

/** A delivery in a list of them, as ae_bridge/inbox.py writes it. */
interface Entry {
  uid: string;
  version: number;
  deliveryId: string;
  created?: string;
  folder?: string;
}

/** One import on its way. */
interface Work {
  /** It is only asked what it would do. */
  dry: boolean;
  folder: string;
  plan: Plan;
  report: Report;
  found: Record<string, TaggedItem[]>;
  items: Record<string, FootageItem>;
  /** Whether the project knows another delivery of the shot: files at the same place may be new. */
  fresh: boolean;
  /** The frame of the shot at time 0 of its comp. */
  origin: number;
  restoreDeleted: boolean;
  shot: CompWork;
  mattes: CompWork;
  step: (words: string) => void;
}
