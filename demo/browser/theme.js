// The theme is a cookie: what is chosen here, the next request brings, and the server writes it into <html>.
import { must } from './dom.js';
import { $theme } from './stores.js';

const themes = ['auto', 'dark', 'light'];

// Whatever else the cookie holds reads as "auto", on the server too.
const holding = () => Math.max(themes.indexOf($theme.get()), 0);

const show = () => {
  const theme = themes[holding()];
  document.documentElement.dataset.theme = theme;
  must('meta[name="color-scheme"]').setAttribute('content', theme === 'auto' ? 'light dark' : theme);
  must('.you a').textContent = `Theme: ${theme}`;
  for (const choice of document.querySelectorAll('.choices a')) {
    if (choice.getAttribute('href')?.endsWith(`=${theme}`)) choice.setAttribute('aria-current', 'true');
    else choice.removeAttribute('aria-current');
  }
};

export const startTheme = () => {
  $theme.subscribe(show);
  must('#switch-theme').addEventListener('click', () => $theme.set(themes[(holding() + 1) % themes.length]));
  // Another tab may have chosen.
  addEventListener('visibilitychange', () => $theme.refresh());
};
