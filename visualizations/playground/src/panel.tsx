import type { Place, World } from "./world.js";

interface Props {
  readonly world: World;
}

/** The buttons that do harm to the nodes, and what came of it. */
export function Panel({ world }: Props) {
  const { places } = world;
  const killThree = () => {
    for (const place of places.slice(0, 3)) place.kill();
  };
  const healAll = () => {
    for (const place of places) place.heal();
  };
  return (
    <section aria-label="Playground">
      <div>
        <h1>Playground</h1>
        <p>
          Five nodes and three workers, all in this page. <b>ledger</b> is held by worker-1 for as long as it
          can; worker-2 and worker-3 take turns with <b>orders:42</b>. Three of five nodes are a quorum.
        </p>
        <p class="all">
          <button type="button" onClick={killThree}>
            Kill three nodes
          </button>
          <button type="button" onClick={healAll}>
            Heal all
          </button>
        </p>
      </div>
      <ul class="places" aria-label="Nodes">
        {places.map((place) => (
          <PlaceCard key={place.name} place={place} />
        ))}
      </ul>
      <ol class="notes" role="log" aria-label="What happened">
        {world.notes.value.map(({ id, time, kind, text }) => (
          <li key={id} data-kind={kind}>
            <time>{new Date(time).toLocaleTimeString()}</time> {text}
          </li>
        ))}
      </ol>
    </section>
  );
}

const words = { up: "up", hung: "hangs", down: "down", parted: "parted from worker-1" };

function PlaceCard({ place }: { readonly place: Place }) {
  const condition = place.condition.value;
  const toggle = (wrong: typeof condition, name: string, heal: string, harm: () => void) => (
    <button
      type="button"
      aria-pressed={condition === wrong}
      onClick={() => (condition === wrong ? place.heal() : harm())}
    >
      {condition === wrong ? heal : name}
    </button>
  );
  return (
    <li data-place={place.name} data-condition={condition}>
      <h2>
        {place.name} <span>{words[condition]}</span>
      </h2>
      {toggle("hung", "Hang", "Wake", () => place.hang())}
      {toggle("down", "Kill", "Start", () => place.kill())}
      {toggle("parted", "Part", "Join", () => place.part())}
      <button type="button" onClick={() => place.flush()}>
        Flush
      </button>
    </li>
  );
}
