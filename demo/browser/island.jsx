// The list of ideas with a search, hydrated by React. Its first render is what demo/island_page.c wrote. Everything it
// shares with the rest of the page comes from the modules that the page has already: bundle.mjs leaves those out.
import { StrictMode, useState } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { queryResult, useAtom, useHandle } from '/client/react.js';
import { $title, countLike, likes } from '/browser/stores.js';

const Likes = () => {
  const [count] = useAtom(likes);
  return (
    <p className="likes">
      Likes from you: <output>{count}</output>{' '}
      <button type="button" onClick={countLike}>
        Like
      </button>
    </p>
  );
};

/** @param {{ idea: Idea, root: string }} props */
const Entry = ({ idea, root }) => (
  <li>
    <h2>
      <a href={`${root}/ideas/${idea.id}`}>{idea.title}</a>
    </h2>
    <p>{idea.summary}</p>
  </li>
);

/** @typedef {import('/client/index.js').Queries['ideas']['data'][number]} Idea */

/** @param {{ ideas: Idea[], root: string }} props */
const Island = ({ ideas, root }) => {
  const [wanted, setWanted] = useState('');
  const found = ideas.filter(({ title, summary }) => `${title} ${summary}`.toLowerCase().includes(wanted.toLowerCase()));
  const title = useHandle($title);
  return (
    <>
      <Likes />
      <p className="find">
        <label htmlFor="find">Find</label>{' '}
        <input
          id="find"
          type="search"
          autoComplete="off"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      </p>
      <ol className="ideas" aria-label={wanted ? `${title}: ${wanted}` : undefined}>
        {found.map((idea) => (
          <Entry key={idea.id} idea={idea} root={root} />
        ))}
      </ol>
    </>
  );
};

const element = document.getElementById('island');
const ideas = queryResult('ideas', null);

if (element && ideas.state === 'ready') {
  hydrateRoot(
    element,
    <StrictMode>
      <Island ideas={ideas.data} root={element.dataset.root ?? ''} />
    </StrictMode>,
    { onRecoverableError: (error) => console.error('island:', error) },
  );
}
