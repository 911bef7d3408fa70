CREATE TABLE ideas (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    body TEXT NOT NULL, -- paragraphs, with an empty line between them
    author TEXT NOT NULL,
    votes INTEGER NOT NULL,
    created TEXT NOT NULL
);

INSERT INTO ideas (title, summary, body, author, votes, created) VALUES
('Fixed points',
 'Apply the same step again and again; where it stops changing anything, you have arrived.',
 'Set a calculator to radians, type any number and press the cosine key, over and over. Whatever you began with, the display creeps towards 0.739 and then refuses to move. That number is a fixed point: the place where doing the thing once more makes no difference.

Once you know the shape you meet it everywhere. A spreadsheet recalculates until no cell changes. A type checker guesses and corrects until its guesses agree. Two people holding a door for each other repeat themselves until one of them walks. The pages of this site do it too, usually in two steps.

The useful question is never only “what is the answer?” but “does this settle at all?” Some steps circle for ever, and some run away. It is worth deciding beforehand how long you are willing to watch.',
 'Ines Okafor', 214, '2024-01-09'),

('Desire paths',
 'Where the grass is worn away, somebody has voted with their feet.',
 'Architects draw paths with a ruler; people walk them with a destination. After one wet winter the difference is plain to see: a brown diagonal across the lawn, exactly where nobody had planned to go.

One answer is a fence. A better one is to lay no paths in the first year, look at the lawn, and pave what you find. The same patience works for software menus, library shelves and kitchens: leave some room, see what wears out, and make that official.',
 'Tomasz Brandt', 187, '2024-02-17'),

('The fence in the field',
 'Do not remove what you do not understand, until you do.',
 'In 1929 G. K. Chesterton described two reformers who come upon a fence across a road. The hasty one sees no use in it and wants it gone. The careful one answers: if you see no use in it, I will certainly not let you clear it away. Go and find out why it was put up; then we can talk.

It is not an argument for keeping fences. It is an argument about the order of things: first the reason, then the axe. Old code, odd bylaws and strange recipes are full of such fences, and some of them are holding back a bull.',
 'Ruth Almqvist', 171, '2024-03-03'),

('Slack',
 'A system that is never idle is a system in which everything waits.',
 'Picture one till in a shop, with customers arriving at random. Keep it busy four fifths of the time and the average customer waits as long as it takes to serve four people. Push it to 95 percent and the wait is nineteen; at 99 percent, ninety-nine. The last drops of efficiency are paid for by everyone in the queue.

Slack looks like waste on the day you measure it and like foresight on every other day. It is why hospitals need empty beds, why a full calendar makes a slow team, and why the fastest motorway is not the fullest one.',
 'Joon Seo-yeon', 164, '2024-03-21'),

('The two-pass reading',
 'Read the hard thing quickly and badly first. Then read it.',
 'The first pass through a difficult text is for geography. Where are the hills, what does it keep coming back to, which words does the author use as if everybody knew them? Understanding is not required, and trying for it too early is how readers get stuck on page three.

The second pass is a different activity, because now every sentence has a place to land. What was said in chapter one turns out to depend on a definition in chapter four, and this time you have it. Many things can only be put at the top by somebody who has already been to the bottom.',
 'Ines Okafor', 152, '2024-04-11'),

('Gold in the cracks',
 'A repair can be part of the story instead of an apology.',
 'When a bowl breaks, kintsugi joins the shards with lacquer and dusts the seams with gold. The break is not hidden. It becomes the most carefully made part of the object, and the line you look at first.

A changelog that says what went wrong does the same, and so does a trail of honest corrections under an article. Nobody trusts a surface without any marks for long; they trust the one where they can see what happened, and that somebody cared enough to mend it.',
 'Haruka Benedetti', 139, '2024-05-02'),

('The cord above the line',
 'Give everyone the right to stop everything, and it stops less.',
 'Along the assembly lines at Toyota hung a cord that any worker could pull. A lamp came on, a team leader walked over, and if the two of them could not solve the problem before the car reached the next station, the line stood still. Thousands of people had their hand on the brake of the whole factory.

It sounds expensive. But a fault that is stopped where it is made costs minutes, while the same fault found in a finished car costs days. The cord works only with one more rule: whoever pulls it is thanked.',
 'Amadou Kessler', 126, '2024-05-28'),

('When a measure becomes a target',
 'Reward the number and you will get the number.',
 'The economist Charles Goodhart noticed in 1975 that a statistic which had been reliable for years fell apart as soon as a central bank tried to steer by it. Marilyn Strathern later gave the remark its famous form: when a measure becomes a target, it ceases to be a good measure.

Nobody has to cheat for that to happen. A measure is useful because it travels with the thing you care about; pull on it, and you bend the link between the two. Keep a few measures you never reward. They are the ones that will still tell you the truth.',
 'Ruth Almqvist', 118, '2024-06-15'),

('Railway time',
 'Every town had its own noon, until trains had to meet.',
 'Noon is when the sun stands highest, so it comes to Bristol some ten minutes after London. For centuries that troubled nobody. Then came the railway, and a timetable in which every station kept its own clock was a puzzle for passengers and a danger for trains on the same track.

The Great Western put London time into its stations in 1840; the law of the land followed forty years later. Some public clocks wore two minute hands in between, one for the sky and one for the station. Agreement is a technology as well, and it too had to be installed town by town.',
 'Tomasz Brandt', 97, '2024-07-30'),

('Writing the answer down',
 'If a question comes back, the cheapest computation is a memory.',
 'In 1968 Donald Michie proposed functions that keep a memo of what they have already worked out. Ask again and they look it up. The idea is older than computers, since a table of logarithms is nothing else, and it still makes slow programs fast on most afternoons.

It carries one quiet condition: the same question must always have the same answer. The moment the result depends on the weather, the time or somebody’s mood, the memo is a rumour. Most trouble with caches is somebody discovering, late, what the answer had depended on.',
 'Joon Seo-yeon', 88, '2024-09-08'),

('Signal & noise',
 'Before explaining a change, ask how much it changes when nothing happens.',
 'Step on the bathroom scale twice and it will disagree with itself. That disagreement is worth more than either reading: it says how large a change has to be before it means anything. A kilo gained on a scale that wanders by a kilo is not news.

Charts invite the opposite habit. Every wiggle gets a cause, every cause a meeting. Measure the same thing twice while nothing is going on; if the two differ by as much as your discovery, you have discovered the scale.',
 'Amadou Kessler', 74, '2024-10-19'),

('A vault in the mountain',
 'The best backup is boring, far away, and has been restored from.',
 'Inside a mountain on Svalbard, seeds of the world’s crops lie at eighteen degrees below zero. The vault opened in 2008, and for years it was the picture of prudence: a door in the snow that nobody had ever needed.

Then the war in Syria cut researchers off from their seed bank near Aleppo. In 2015 they took back what they had deposited, grew it in Lebanon and Morocco, and later returned fresh seed to the mountain. That round trip is what turned a cold room into a backup. A copy you have never restored is a hope with a label on it.',
 'Haruka Benedetti', 63, '2024-11-26');
