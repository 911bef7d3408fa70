import 'ssrstore';

// Made from the server's definitions.
declare module 'ssrstore' {
  interface Stores {
    __proto__: { "": number; "1": number; __proto__: number; constructor: string };
    author: { name: string } | null;
    breadcrumb: (string | null)[][];
    ideas: { done?: boolean; id: number; tags: (string | number)[]; title: string | null }[];
    "it's \"\\ */ </script> \u2028 \u202e //": boolean;
    notice: unknown;
    order: 'newest' | 'oldest';
    "page.number": number;
    settings: { isOpen: boolean; list: unknown[]; more: Record<string, unknown> };
    title: string;
  }
  interface Cookies {
    filter: { tags: string[] };
    seen: string | undefined;
    theme: string;
  }
  interface Queries {
    idea: { args: { id: number }; data: { title: string } };
    other: { args: unknown; data: unknown };
  }
  interface Atoms {
    cart: string[];
    counter: number;
  }
  interface SharedStores {
    motd: { text: string };
  }
  interface Contexts {
    panel: unknown;
    user: { name: string };
  }
}
