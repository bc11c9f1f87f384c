// As `manage.py bindings_types` writes it.
export interface ShopProductRow {
  id: number
  name: string
  price: string
  stock: number
  status: 'draft' | 'live'
  category: number | null
}

export interface AppBindings {
  'shop.Product': {
    pk: number
    row: ShopProductRow
    create: { name: string; price: string; stock?: number }
    update: { name?: string; price?: string; stock?: number }
    filters: { name__icontains: string; price__gte: string; category__in: number[] }
    order: 'id' | 'name' | 'price'
    measures: { count: number; 'sum:stock': number | null; 'avg:price': string | null }
    groups: { status: 'draft' | 'live'; 'created:month': string | null }
    presence: true
    events: { restock: { in: { amount: number }; out: { stock: number } } }
    expand: { category: { stream: 'shop.Category'; many: false }; 'category.products': { stream: 'shop.Product'; many: true } }
  }
  'shop.Category': {
    pk: string
    row: { id: string; name: string }
    create: { name: string }
    update: { name?: string }
    filters: Record<never, never>
    order: 'name'
    events: Record<never, never>
  }
  'shop.lobby': {
    pk: string
    row: { id: string }
    create: never
    update: never
    filters: Record<never, never>
    order: never
    presence: true
    events: Record<never, never>
  }
  'shop.Log': {
    pk: number
    row: { id: number; text: string }
    create: { text: string }
    update: never
    filters: Record<never, never>
    order: never
    events: Record<never, never>
  }
  'game.hunger': {
    pk: number
    row: { id: number }
    create: never
    update: never
    filters: Record<never, never>
    order: never
    events: { sos: { in: Record<never, never>; out: { life: number } } }
  }
}

declare module '@channels-binding/core' {
  interface Register {
    bindings: AppBindings
  }
}
