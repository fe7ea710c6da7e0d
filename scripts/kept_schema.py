"""What the dev store carries of the official schema: types, their fields, and the arguments of those.

A line reads `Type: field(argument argument) field …`; one that begins with a blank goes on the last.
"""

KEPT_DIRECTIVES = ("idempotent",)

# One line a type: its fields, with the kept arguments in parentheses. An argument or field that is not listed is not
# carried, so using it is refused as unknown. Added without a line here, as soon as a kept signature names them:
# connections, edges and user errors (whole), enums (every value) and scalars.
_PAGE = "first after last before reverse"
KEPT = f"""
QueryRoot: shop node(id) nodes(ids) product(id) productByIdentifier(identifier) products({_PAGE} query sortKey)
  productVariant(id) productVariants({_PAGE} query sortKey) productsCount(query limit) productVariantsCount(query limit)
  inventoryItem(id) inventoryItems({_PAGE} query) inventoryLevel(id) location(id) locations({_PAGE} includeInactive)
  publications({_PAGE} catalogType) currentAppInstallation productOperation(id)
  metafieldDefinitions({_PAGE} ownerType namespace key)
  bulkOperation(id) bulkOperations({_PAGE} query sortKey) currentBulkOperation(type)
  webhookSubscription(id) webhookSubscriptions({_PAGE} query sortKey format topics uri callbackUrl)
  webhookSubscriptionsCount(query limit)
  collection(id) collectionByIdentifier(identifier) collections({_PAGE} query sortKey) collectionsCount(query limit)
  events({_PAGE} query sortKey) priceList(id) priceLists({_PAGE})
Mutation: productSet(identifier input synchronous) productCreate(product media) productUpdate(identifier product media)
  productDelete(input synchronous) productVariantsBulkCreate(productId variants strategy media)
  productVariantsBulkUpdate(productId variants allowPartialUpdates media)
  productVariantsBulkDelete(productId variantsIds) metafieldsSet(metafields) metafieldsDelete(metafields)
  metafieldDefinitionCreate(definition) inventorySetQuantities(input) inventoryAdjustQuantities(input)
  inventoryActivate(inventoryItemId locationId available onHand) tagsAdd(id tags) tagsRemove(id tags)
  publishablePublish(id input) publishableUnpublish(id input) fileCreate(files) fileUpdate(files)
  stagedUploadsCreate(input) bulkOperationRunMutation(mutation stagedUploadPath clientIdentifier groupObjects)
  bulkOperationRunQuery(query groupObjects) bulkOperationCancel(id)
  webhookSubscriptionCreate(topic webhookSubscription) webhookSubscriptionUpdate(id webhookSubscription)
  webhookSubscriptionDelete(id)
  productOptionsCreate(productId options variantStrategy)
  productOptionUpdate(productId option optionValuesToAdd optionValuesToDelete optionValuesToUpdate variantStrategy)
  productOptionsDelete(productId options strategy) productOptionsReorder(productId options)
  productVariantsBulkReorder(productId positions) inventoryBulkToggleActivation(inventoryItemId inventoryItemUpdates)
  priceListFixedPricesAdd(priceListId prices) priceListFixedPricesDelete(priceListId variantIds)
  priceListFixedPricesUpdate(priceListId pricesToAdd variantIdsToDelete)
  locationAdd(input) locationActivate(locationId) locationDeactivate(locationId destinationLocationId)
  locationDelete(locationId) inventorySetOnHandQuantities(input) inventoryMoveQuantities(input)

Node: id
HasMetafields: metafield(namespace key) metafields({_PAGE} namespace keys)
LegacyInteroperability: legacyResourceId
Publishable: publishedOnPublication(publicationId) resourcePublicationsV2({_PAGE} onlyPublished)
DisplayableError: field message
File: id alt createdAt updatedAt fileStatus fileErrors preview
Media: id alt mediaContentType status mediaErrors preview
ProductOperation: product status
HasCompareDigest: compareDigest
PageInfo: hasNextPage hasPreviousPage startCursor endCursor

Product: id legacyResourceId handle title descriptionHtml vendor productType tags status createdAt updatedAt publishedAt
  totalInventory tracksInventory templateSuffix seo category options(first) hasOnlyDefaultVariant
  variants({_PAGE} sortKey) variantsCount media({_PAGE} sortKey) mediaCount images({_PAGE} sortKey) featuredMedia
  metafield(namespace key) metafields({_PAGE} namespace keys) onlineStoreUrl
  publishedOnPublication(publicationId) resourcePublicationsV2({_PAGE} onlyPublished)
  collections({_PAGE} sortKey) inCollection(id)
Collection: id legacyResourceId handle title descriptionHtml updatedAt sortOrder templateSuffix
  products({_PAGE} sortKey) productsCount hasProduct(id) metafield(namespace key) metafields({_PAGE} namespace keys)
  publishedOnPublication(publicationId) resourcePublicationsV2({_PAGE} onlyPublished)
Event: id action appTitle attributeToApp attributeToUser createdAt criticalAlert message
BasicEvent: id action appTitle attributeToApp attributeToUser author createdAt criticalAlert message
  subjectId subjectType
PriceList: id name currency fixedPricesCount prices({_PAGE} originType)
PriceListPrice: variant price compareAtPrice originType
ProductVariantContextualPricing: price compareAtPrice
ProductOption: id name position values optionValues
ProductOptionValue: id name hasVariants
ProductVariant: id legacyResourceId sku barcode title displayName price compareAtPrice taxable taxCode inventoryPolicy
  inventoryQuantity position selectedOptions createdAt updatedAt availableForSale requiresComponents
  media({_PAGE}) image metafield(namespace key) metafields({_PAGE} namespace keys) product inventoryItem
  contextualPricing(context)
InventoryItem: id legacyResourceId sku tracked requiresShipping unitCost measurement countryCodeOfOrigin
  provinceCodeOfOrigin harmonizedSystemCode createdAt updatedAt variant
  inventoryLevel(locationId includeInactive) inventoryLevels({_PAGE} includeInactive)
InventoryItemMeasurement: id weight
InventoryLevel: id isActive createdAt updatedAt item location quantities(names)
InventoryQuantity: id name quantity updatedAt
Weight: value unit
MoneyV2: amount currencyCode
SEO: title description
SelectedOption: name value optionValue
Count: count precision
TaxonomyCategory: id fullName name
Metafield: id legacyResourceId namespace key type value jsonValue compareDigest createdAt updatedAt ownerType owner
  definition
MetafieldIdentifier: ownerId namespace key
MetafieldDefinition: id name namespace key ownerType description type capabilities metafieldsCount
MetafieldDefinitionType: name category
MetafieldCapabilities: uniqueValues
MetafieldCapabilityUniqueValues: enabled eligible
MediaImage: id alt createdAt updatedAt fileStatus fileErrors mediaContentType status mediaErrors preview image
  originalSource mimeType
FileError: code details message
MediaError: code details message
MediaImageOriginalSource: url fileSize
MediaPreviewImage: image status
Image: id url altText width height
Location: id legacyResourceId name isActive isPrimary fulfillsOnlineOrders shipsInventory createdAt updatedAt
  activatable deactivatable deletable hasActiveInventory hasUnfulfilledOrders isFulfillmentService address
LocationAddress: address1 address2 city countryCode provinceCode zip phone
Publication: id name autoPublish catalog
Catalog: id title status
AppCatalog: id title status apps({_PAGE})
App: id title handle
ResourcePublicationV2: isPublished publishDate publication
Shop: id name myshopifyDomain email currencyCode url plan primaryDomain ianaTimezone weightUnit
ShopPlan: publicDisplayName partnerDevelopment shopifyPlus
Domain: id host url sslEnabled
AppInstallation: id accessScopes
AccessScope: handle description
InventoryAdjustmentGroup: id createdAt reason referenceDocumentUri changes(inventoryItemIds locationIds quantityNames)
BulkOperation: id status type errorCode createdAt completedAt objectCount rootObjectCount fileSize url partialDataUrl
  query
StagedMediaUploadTarget: url resourceUrl parameters
StagedUploadParameter: name value
WebhookSubscription: id legacyResourceId topic uri callbackUrl endpoint format filter includeFields metafieldNamespaces
  metafields name apiVersion createdAt updatedAt
WebhookHttpEndpoint: callbackUrl
WebhookEventBridgeEndpoint: arn
WebhookPubSubEndpoint: pubSubProject pubSubTopic
WebhookSubscriptionMetafieldIdentifier: namespace key
ApiVersion: handle displayName supported
InventoryChange: name delta quantityAfterChange item location ledgerDocumentUri
ProductSetOperation: id status product userErrors
ProductDeleteOperation: id status product deletedProductId userErrors

ProductSetPayload: product productSetOperation userErrors
ProductCreatePayload: product shop userErrors
ProductUpdatePayload: product userErrors
ProductDeletePayload: deletedProductId productDeleteOperation shop userErrors
ProductVariantsBulkCreatePayload: product productVariants userErrors
ProductVariantsBulkUpdatePayload: product productVariants userErrors
ProductVariantsBulkDeletePayload: product userErrors
MetafieldsSetPayload: metafields userErrors
MetafieldsDeletePayload: deletedMetafields userErrors
MetafieldDefinitionCreatePayload: createdDefinition userErrors
InventorySetQuantitiesPayload: inventoryAdjustmentGroup userErrors
InventoryAdjustQuantitiesPayload: inventoryAdjustmentGroup userErrors
InventoryActivatePayload: inventoryLevel userErrors
TagsAddPayload: node userErrors
TagsRemovePayload: node userErrors
PublishablePublishPayload: publishable shop userErrors
PublishableUnpublishPayload: publishable shop userErrors
FileCreatePayload: files userErrors
FileUpdatePayload: files userErrors
StagedUploadsCreatePayload: stagedTargets userErrors
BulkOperationRunMutationPayload: bulkOperation userErrors
BulkOperationRunQueryPayload: bulkOperation userErrors
BulkOperationCancelPayload: bulkOperation userErrors
WebhookSubscriptionCreatePayload: webhookSubscription userErrors
WebhookSubscriptionUpdatePayload: webhookSubscription userErrors
WebhookSubscriptionDeletePayload: deletedWebhookSubscriptionId userErrors
ProductOptionsCreatePayload: product userErrors
ProductOptionUpdatePayload: product userErrors
ProductOptionsDeletePayload: deletedOptionsIds product userErrors
ProductOptionsReorderPayload: product userErrors
ProductVariantsBulkReorderPayload: product userErrors
InventoryBulkToggleActivationPayload: inventoryItem inventoryLevels userErrors
InventorySetOnHandQuantitiesPayload: inventoryAdjustmentGroup userErrors
InventoryMoveQuantitiesPayload: inventoryAdjustmentGroup userErrors
LocationAddPayload: location userErrors
LocationActivatePayload: location locationActivateUserErrors
LocationDeactivatePayload: location locationDeactivateUserErrors
LocationDeletePayload: deletedLocationId locationDeleteUserErrors
PriceListFixedPricesAddPayload: prices userErrors
PriceListFixedPricesUpdatePayload: priceList pricesAdded deletedFixedPriceVariantIds userErrors
PriceListFixedPricesDeletePayload: deletedFixedPriceVariantIds userErrors

ProductSetIdentifiers: id handle customId
ProductUpdateIdentifiers: id handle customId
ProductIdentifierInput: id handle customId
UniqueMetafieldValueInput: namespace key value
ProductSetInput: id handle title descriptionHtml vendor productType tags status templateSuffix seo category
  productOptions variants files metafields collections
ProductCreateInput: handle title descriptionHtml vendor productType tags status templateSuffix seo category
  productOptions metafields collectionsToJoin
ProductUpdateInput: id handle title descriptionHtml vendor productType tags status templateSuffix seo category
  metafields collectionsToJoin collectionsToLeave
ProductDeleteInput: id
ProductVariantSetInput: id optionValues sku barcode price compareAtPrice taxable taxCode inventoryPolicy inventoryItem
  inventoryQuantities metafields position file
ProductVariantsBulkInput: id optionValues barcode price compareAtPrice taxable taxCode inventoryPolicy inventoryItem
  inventoryQuantities quantityAdjustments metafields mediaId mediaSrc
InventoryItemInput: sku cost tracked requiresShipping measurement countryCodeOfOrigin provinceCodeOfOrigin
  harmonizedSystemCode
InventoryItemMeasurementInput: weight
WeightInput: value unit
InventoryLevelInput: availableQuantity locationId
InventoryAdjustmentInput: locationId adjustment changeFromQuantity
ProductSetInventoryInput: locationId name quantity
OptionSetInput: id name position values
OptionValueSetInput: id name
OptionCreateInput: name position values
OptionValueCreateInput: name
OptionUpdateInput: id name position
OptionValueUpdateInput: id name
OptionReorderInput: id name values
OptionValueReorderInput: id name
ProductVariantPositionInput: id position
InventoryBulkToggleActivationInput: locationId activate
InventorySetOnHandQuantitiesInput: reason referenceDocumentUri setQuantities
InventorySetQuantityInput: inventoryItemId locationId quantity changeFromQuantity
InventoryMoveQuantitiesInput: reason referenceDocumentUri changes
InventoryMoveQuantityChange: inventoryItemId quantity from to
InventoryMoveQuantityTerminalInput: locationId name changeFromQuantity ledgerDocumentUri
LocationAddInput: name address fulfillsOnlineOrders
LocationAddAddressInput: address1 address2 city countryCode provinceCode zip phone
CollectionIdentifierInput: id handle customId
ContextualPricingContext: country companyLocationId locationId
PriceListPriceInput: variantId price compareAtPrice
MoneyInput: amount currencyCode
VariantOptionValueInput: id name optionId optionName
SEOInput: title description
MetafieldInput: id namespace key type value
MetafieldsSetInput: ownerId namespace key type value compareDigest
MetafieldIdentifierInput: ownerId namespace key
MetafieldDefinitionInput: ownerType namespace key name description type capabilities
MetafieldCapabilityCreateInput: uniqueValues
MetafieldCapabilityUniqueValuesInput: enabled
FileSetInput: id originalSource alt contentType filename duplicateResolutionMode
FileCreateInput: originalSource alt contentType filename duplicateResolutionMode
FileUpdateInput: id alt originalSource filename referencesToAdd referencesToRemove
CreateMediaInput: originalSource alt mediaContentType
PublicationInput: publicationId publishDate
StagedUploadInput: resource filename mimeType httpMethod fileSize
WebhookSubscriptionInput: uri callbackUrl format filter includeFields metafieldNamespaces metafields name
HasMetafieldsMetafieldIdentifierInput: namespace key
InventorySetQuantitiesInput: name reason referenceDocumentUri quantities
InventoryQuantityInput: inventoryItemId locationId quantity changeFromQuantity
InventoryAdjustQuantitiesInput: name reason referenceDocumentUri changes
InventoryChangeInput: inventoryItemId locationId delta changeFromQuantity ledgerDocumentUri
"""
