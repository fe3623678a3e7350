// Whom a change concerns: data-live="case:SECC0001001 artifacts notes".

export interface Change {
  seq: number;
  case: string | null;
  topic: string;
  actor: string | null;
}

/** Named cases and named topics must both fit; where none are named, every one does. */
export function concerns(live: string, change: Pick<Change, "case" | "topic">): boolean {
  const words = live.split(/\s+/).filter(Boolean);
  const cases = words.filter((word) => word.startsWith("case:")).map((word) => word.slice(5));
  const topics = words.filter((word) => !word.startsWith("case:"));
  return (cases.length === 0 || (change.case !== null && cases.includes(change.case))) && (topics.length === 0 || topics.includes(change.topic));
}

export function parseChange(text: string): Change | null {
  try {
    const change = JSON.parse(text) as Partial<Change>;
    if (typeof change.seq !== "number" || typeof change.topic !== "string") return null;
    return { seq: change.seq, case: change.case ?? null, topic: change.topic, actor: change.actor ?? null };
  } catch {
    return null;
  }
}
